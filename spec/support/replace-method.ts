/** Replaces a method of a class for all its objects, as a mutant does. Returns what restores the method. */

export function replaceMethod<Type extends object, Name extends keyof Type>(
  { prototype }: { readonly prototype: Type },
  name: Name,
  replacement: (original: Type[Name]) => Type[Name],
): () => void {
  const original = prototype[name];
  prototype[name] = replacement(original);
  return () => {
    prototype[name] = original;
  };
}
