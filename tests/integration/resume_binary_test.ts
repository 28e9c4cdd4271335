/** Runs that end early and runs that follow, once more: resume_test.ts runs the sources, this the compiled binary. */

import { testBinary } from "../support/program.ts";
import "./resume_test.ts";

testBinary();
