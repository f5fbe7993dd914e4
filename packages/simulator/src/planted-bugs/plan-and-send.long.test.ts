import { treeBugs } from "./planted-bugs.ts";
import { hunt } from "./testing-hunt.ts";

hunt(treeBugs);
