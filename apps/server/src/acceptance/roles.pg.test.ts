import { describeRoles } from "./testing-roles.ts";

describeRoles("a third");
