import { type Language, languages } from "@holdfast/protocol/account-settings";

/**
 * @param header Accept-Language
 * @returns the preferred available language, or English
 */
export function acceptedLanguage(header: string | undefined): Language {
  const wanted = (header ?? "").slice(0, readCharactersMax).split(",").map(readWish);
  const liked = wanted.filter(({ weight }) => weight > 0).toSorted((left, right) => right.weight - left.weight);
  return liked.map(({ base }) => languages.find((each) => each === base)).find((each) => each !== undefined) ?? "en";
}

/** The rest of a longer header is ignored. */
const readCharactersMax = 500;

function readWish(text: string): { readonly base: string; readonly weight: number } {
  const [tag = "", ...parameters] = text.replaceAll(" ", "").toLowerCase().split(";");
  const weight = parameters
    .map((each) => /^q=([01](?:\.\d{0,3})?)$/.exec(each)?.[1])
    .find((each) => each !== undefined);
  return { base: tag.split("-")[0] ?? "", weight: Number(weight ?? 1) };
}
