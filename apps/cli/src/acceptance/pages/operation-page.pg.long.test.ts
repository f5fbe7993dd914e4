import { operation } from "./script-operation.ts";
import { testPage } from "./test-page.ts";

testPage("docs/operation.md", operation);
