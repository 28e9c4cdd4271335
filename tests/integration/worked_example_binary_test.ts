/** The worked example, once more: worked_example_test.ts runs the sources, this the compiled binary. */

import { testBinary } from "../support/program.ts";
import "./worked_example_test.ts";

testBinary();
