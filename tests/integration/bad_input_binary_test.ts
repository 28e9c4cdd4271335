/** What the operator gets wrong, once more: bad_input_test.ts runs the sources, this the compiled binary. */

import { testBinary } from "../support/program.ts";
import "./bad_input_test.ts";

testBinary();
