/** placeholder until the demo lands in the next commit */
export async function demo(_seconds: number | undefined): Promise<number> {
  return 1;
}
