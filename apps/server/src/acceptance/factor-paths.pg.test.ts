import { describeFactorPaths } from "./testing-factor-paths.ts";

describeFactorPaths("a third");
