/**
 * The targets a binary is made for, and what is pinned about the runtime base (denort) of each: data only. The
 * hashes are those of Deno 2.6.10; a new Deno version needs new ones, and denow the same version.
 */

/** The Deno version the pinned hashes belong to. */
export const denoVersion = "2.6.10";

/** A target and its pinned runtime base. Sizes in bytes, hashes SHA-256 in lower-case hexadecimal. */
export interface Target {
  /** The Rust target triple, as `deno compile --target` takes it. */
  readonly triple: string;
  /** File name of the binary in dist/. */
  readonly output: string;
  readonly baseSize: number;
  readonly baseSha256: string;
  /** The platform tag that makes pip take the wheel of this target on any machine. */
  readonly wheelPlatform: string;
  readonly wheelSha256: string;
}

/** All targets; the first is the one the tests run. */
export const targets: readonly Target[] = [
  {
    triple: "x86_64-unknown-linux-gnu",
    output: "data-migrate",
    baseSize: 92_183_912,
    baseSha256: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
    wheelPlatform: "manylinux_2_27_x86_64",
    wheelSha256: "5087fcd13341f529b5404792a74e22f570e50f17e5ea4cabe9c91b1caf74cbf4",
  },
  {
    triple: "aarch64-unknown-linux-gnu",
    output: "data-migrate-aarch64",
    baseSize: 86_015_072,
    baseSha256: "ee39b54b2f465eae3f1dd3d79495e1ef957fae69ff4f6ad118499986b714d494",
    wheelPlatform: "manylinux_2_27_aarch64",
    wheelSha256: "f09c1e600cae71293ab5ae9ddc30aa56a871463837a020eb23b246fa2024c462",
  },
];

/** The target of a triple. Throws a RangeError that names the known ones. */
export function targetOf(triple: string): Target {
  const target = targets.find((known) => known.triple === triple);
  if (target !== undefined) return target;
  const known = targets.map((each) => each.triple).join(", ");
  throw new RangeError(`Cannot compile for ${triple}: choose one of ${known}`);
}
