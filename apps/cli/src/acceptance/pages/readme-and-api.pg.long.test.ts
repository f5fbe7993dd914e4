import { api, readme } from "./script-readme-and-api.ts";
import { testPage } from "./test-page.ts";

testPage("README.md", readme);
testPage("docs/api.md", api);
