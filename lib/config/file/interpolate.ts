/** `${NAME}` in a text of mqttrep.yaml is the value of an environment variable; `${NAME:-text}` has a default; `$${` is `${`. */

const REFERENCE = /\$?\$\{([^}]*)\}/g;
const NAME = /^([A-Za-z_]\w*)(?::-(.*))?$/s;

const DOLLAR = '$';
const NO_NAME = {
  problem: `\`${DOLLAR}{\` is not followed by the name of a variable and \`}\``,
  fix: `write ${DOLLAR}{NAME}, ${DOLLAR}{NAME:-default}, or ${DOLLAR}${DOLLAR}{ for the characters ${DOLLAR}{`,
};

export type Variables = Readonly<Record<string, string | undefined>>;

export type Interpolated = { readonly text: string } | { readonly problem: string; readonly fix: string };

export function interpolate(text: string, variables: Variables): Interpolated {
  let fault: Interpolated | undefined;
  const filled = text.replaceAll(REFERENCE, (whole, inside: string) => {
    if (whole.startsWith('$$')) return whole.slice(1);
    const [, name, otherwise] = NAME.exec(inside) ?? [];
    if (name === undefined) {
      fault ??= NO_NAME;
      return whole;
    }
    // As shells do: an empty variable takes the default, too.
    const value = variables[name];
    if (value !== undefined && (value !== '' || otherwise === undefined)) return value;
    if (otherwise !== undefined) return otherwise;
    fault ??= {
      problem: `the variable ${name} is not set`,
      fix: `set ${name}, or write a default: \${${name}:-…}`,
    };
    return whole;
  });
  return fault ?? { text: filled };
}
