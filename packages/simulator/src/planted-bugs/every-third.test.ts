import { plantedBugs } from "./planted-bugs.ts";
import { hunt } from "./testing-hunt.ts";

// The long tier hunts all of them, which takes minutes.
hunt(Object.fromEntries(Object.entries(plantedBugs).filter((_, index) => index % 3 === 0)));
