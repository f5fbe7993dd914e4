import { clike } from "@codemirror/legacy-modes/mode/clike";
import type { StringStream } from "@codemirror/streamparser";

const words = (text: string) => Object.fromEntries(text.split(" ").map((word) => [word, true]));

/** Text outside of the PHP tags is highlighted as PHP too. */
export const phpSource = clike({
  name: "php",
  keywords: words(
    "abstract and array as break case catch class clone const continue declare default do echo else elseif enddeclare endfor endforeach endif endswitch endwhile enum extends final finally fn for foreach function global goto if implements include include_once instanceof insteadof interface isset list match namespace new or print private protected public readonly require require_once return static switch throw trait try unset use var while xor yield",
  ),
  blockKeywords: words("catch do else elseif for foreach if switch try while finally"),
  types: words("bool callable float int iterable mixed never object self string void"),
  atoms: words("true false null TRUE FALSE NULL __CLASS__ __DIR__ __FILE__ __LINE__ __METHOD__ __NAMESPACE__"),
  multiLineStrings: true,
  hooks: {
    $: (stream: StringStream) => {
      stream.eatWhile(/[\w$]/);
      return "variableName";
    },
    "#": (stream: StringStream) => {
      if (stream.eat("[")) return "meta";
      stream.skipToEnd();
      return "comment";
    },
    "<": (stream: StringStream) => (stream.match(/^\?(php|=)?/) ? "meta" : "operator"),
    "?": (stream: StringStream) => (stream.eat(">") ? "meta" : "operator"),
  },
});
