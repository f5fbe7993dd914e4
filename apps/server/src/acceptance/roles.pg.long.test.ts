import { describeRoles } from "./testing-roles.ts";

describeRoles("all");
