import { identity, operation } from "./script-operation.ts";
import { testPage } from "./test-page.ts";

testPage("docs/operation.md", operation);
testPage("docs/identity.md", identity);
