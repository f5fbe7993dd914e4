import type { StreamParser } from "@codemirror/streamparser";

interface State {
  /** Closes the current code block. */
  fence: string | undefined;
}

export const markdownSource: StreamParser<unknown> = {
  name: "markdown",
  startState: (): State => ({ fence: undefined }),
  token: (stream, given) => {
    const state = given as State;
    if (stream.sol()) {
      const rest = stream.string.trim();
      if (state.fence !== undefined) {
        if (rest.startsWith(state.fence)) state.fence = undefined;
        stream.skipToEnd();
        return "string";
      }
      const fence = /^(`{3,}|~{3,})/.exec(rest)?.[1];
      if (fence !== undefined) {
        state.fence = fence;
        stream.skipToEnd();
        return "string";
      }
      if (/^#{1,6}(\s|$)/.test(rest) || /^(={2,}|-{3,})$/.test(rest)) {
        stream.skipToEnd();
        return "keyword";
      }
      if (stream.match(/^\s*(>\s?)+/) || stream.match(/^\s*([-*+]|\d{1,9}[.)])\s+(\[[ xX]\]\s)?/)) return "number";
    }
    if (stream.match(/^`[^`]+`/)) return "string";
    if (stream.match(/^!?\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/) || stream.match(/^<https?:[^>]*>/)) return "link";
    if (stream.match(/^(\*\*|__)[^*_]+\1/) || stream.match(/^[*_][^*_]+[*_]/)) return "strong";
    if (stream.match(/^<!--.*?-->/)) return "comment";
    stream.next();
    stream.eatWhile(/[^`[!<*_]/);
    return null;
  },
};
