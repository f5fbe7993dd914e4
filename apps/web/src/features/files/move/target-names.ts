/** `New folder`, or `New folder 2` if taken, and so on. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  let name = wanted;
  for (let number = 2; isTaken(name) && number < 10_000; number++) name = `${wanted} ${number}`;
  return name;
}

/** Name of at most `max` characters, shortened in the middle. */
export function cutMiddle(name: string, max: number): string {
  const characters = Array.from(segments.segment(name), ({ segment }) => segment);
  if (characters.length <= max) return name;
  const tail = Math.floor((max - 1) / 2);
  return `${characters.slice(0, max - 1 - tail).join("")}…${characters.slice(-tail).join("")}`;
}

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
