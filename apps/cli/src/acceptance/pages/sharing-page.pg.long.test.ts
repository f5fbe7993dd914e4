import { sharing } from "./script-sharing.ts";
import { testPage } from "./test-page.ts";

testPage("docs/sharing.md", sharing);
