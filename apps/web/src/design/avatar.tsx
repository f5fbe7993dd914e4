/** Decorative, beside the name. */
export function Avatar({ name }: { readonly name: string }) {
  return (
    <span
      aria-hidden
      className="flex size-8 shrink-0 items-center justify-center rounded-full bg-selected text-sm font-semibold text-text select-none forced-colors:border"
    >
      {initialsOf(name)}
    </span>
  );
}

export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => firstLetter(word ?? ""));
  return letters.join("").toLocaleUpperCase();
}

function firstLetter(word: string): string {
  // A letter may be several code points: a combined é, a flag, a family emoji.
  return [...new Intl.Segmenter().segment(word)][0]?.segment ?? "";
}
