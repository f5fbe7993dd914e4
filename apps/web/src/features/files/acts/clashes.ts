import { makeListeners } from "../../../browser/listeners.ts";
import type { Refused } from "./file-steps.ts";

export type ClashChoice = "keep" | "replace" | "skip";

export interface ClashQuestion {
  readonly clashes: readonly Refused[];
  readonly folderName: string;
  /** One choice per conflict, in order. */
  readonly answer: (choices: readonly ClashChoice[]) => void;
}

let questions: readonly ClashQuestion[] = [];
const listeners = makeListeners();

/** Waits for earlier questions. @returns one choice per conflict */
export function askAboutClashes(clashes: readonly Refused[], folderName: string): Promise<readonly ClashChoice[]> {
  return new Promise((resolve) => {
    const question: ClashQuestion = {
      clashes,
      folderName,
      answer: (choices) => {
        set(questions.filter((other) => other !== question));
        resolve(choices);
      },
    };
    set([...questions, question]);
  });
}

/** Answers all questions, because the person has left. */
export function skipClashes(): void {
  for (const { clashes, answer } of questions) answer(clashes.map(() => "skip"));
}

export function currentClash(): ClashQuestion | undefined {
  return questions[0];
}

export const watchClashes = listeners.add;

function set(next: readonly ClashQuestion[]): void {
  questions = next;
  listeners.call();
}
