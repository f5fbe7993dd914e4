import { diskBugs } from "./planted-bugs.ts";
import { hunt } from "./testing-hunt.ts";

hunt(diskBugs);
