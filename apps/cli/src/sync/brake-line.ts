import { shellWord } from "@holdfast/core/shell-word";
import { count } from "../output/text.ts";
import type { SyncReport } from "./report.ts";

export function waitingSoFar(waiting: number, state: SyncReport["state"]): string {
  return state === "syncing" ? `at least ${count(waiting, "deletion")}` : count(waiting, "deletion");
}

export function brakeOffText(root: string): string {
  return `the brake is off, so deletions and mass rewrites never wait for your approval. To turn it on: holdfast sync ${shellWord(root)} --brake on`;
}

/** Reports the number of waiting deletions again after the sync, because more may be found until then. */
export class BrakeLine {
  #reported = "";

  /** @returns undefined if the line was already reported */
  after(waiting: number, state: SyncReport["state"]): string | undefined {
    if (waiting === 0) {
      this.#reported = "";
      return undefined;
    }
    const isGrowing = state === "syncing" && this.#reported !== "";
    const number = waitingSoFar(waiting, state);
    if (isGrowing || number === this.#reported) return undefined;
    this.#reported = number;
    const line = `${number} ${waiting === 1 ? "waits" : "wait"} for you${state === "syncing" ? " so far" : ""}: 'holdfast deletes' shows them`;
    return `${line[0]?.toUpperCase() ?? ""}${line.slice(1)}`;
  }
}
