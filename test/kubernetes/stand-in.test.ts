import { standIn } from "./cluster.js";
import { scenarios } from "./scenarios.js";

scenarios("stand-in", standIn);
