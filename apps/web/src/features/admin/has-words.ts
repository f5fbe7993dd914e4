/** Every word of the search must occur, in any case. An empty search fits everything. */
export function hasWords(text: string, search: string): boolean {
  const said = text.toLocaleLowerCase();
  return search
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}
