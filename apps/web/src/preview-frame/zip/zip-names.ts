/** What bytes from 128 on mean in the names of programs that know nothing of Unicode (code page 437). */
const oldLetters =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

const strict = new TextDecoder("utf-8", { fatal: true });
const lenient = new TextDecoder("utf-8");

/** Many write UTF-8 and do not say so: what is none is of the old letters. */
export function decodeName(bytes: Uint8Array, isUtf8: boolean): string {
  if (isUtf8) return lenient.decode(bytes);
  try {
    return strict.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : oldLetters[byte - 128])).join("");
  }
}
