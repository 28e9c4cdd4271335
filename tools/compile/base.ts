/**
 * Finds the runtime base (denort) that a binary is made from: DENORT_BIN, the cache in .tools, Deno's download site,
 * or the wheel of a program that was compiled with the same version. A fetched base whose SHA-256 is not the pinned
 * one is never used; DENORT_BIN is the caller's own decision and is only compared.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { baseOfCompiled, zipMember } from "./archive.ts";
import { denoVersion, type Target } from "./target.ts";

/** A runtime base on disk. */
export interface Base {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** Where it came from, in words for the person who compiles. */
  readonly origin: string;
}

/** What {@link findBase} needs to know. */
export interface BaseRequest {
  readonly target: Target;
  /** The directory that fetched bases are kept in. */
  readonly cache: string;
  /** The value of DENORT_BIN, where it is set. */
  readonly denortBin: string | undefined;
  /** Whether only the official site will do. */
  readonly officialOnly: boolean;
  /** Told what is being tried, one line a call. */
  readonly say: (line: string) => void;
}

interface Origin {
  readonly name: string;
  /** Names its folder in the cache: what is official stays known. */
  readonly folder: string;
  readonly fetch: (target: Target) => Promise<Uint8Array>;
}

const connectMs = 8_000;
const wheelName = "bids-validator-deno";
const wheelVersion = "2.4.1";

const official: Origin = {
  name: "the official site",
  folder: "official",
  fetch: fetchOfficial,
};
const wheel: Origin = {
  name: `the wheel ${wheelName} ${wheelVersion}`,
  folder: "wheel",
  fetch: fetchFromWheel,
};

/** Finds or fetches the base. Throws an Error that says what to do when no origin has it. */
export async function findBase(request: BaseRequest): Promise<Base> {
  const { target, denortBin, officialOnly, say } = request;
  if (denortBin !== undefined && !officialOnly) {
    const base = await describe(denortBin, "DENORT_BIN");
    if (base.sha256 !== target.baseSha256) {
      say(`warning: DENORT_BIN is not the pinned base, whose SHA-256 is ${target.baseSha256}`);
    }
    return base;
  }
  const origins = officialOnly ? [official] : [official, wheel];
  const pathOf = (origin: Origin) => join(folderOf(target, request.cache), origin.folder, "denort");
  for (const origin of origins) {
    const cached = await describe(pathOf(origin), `${origin.name}, fetched before`)
      .catch(() => undefined);
    if (cached?.sha256 === target.baseSha256) return cached;
  }
  for (const origin of origins) {
    say(`fetching the runtime base of Deno ${denoVersion} from ${origin.name}`);
    try {
      const bytes = await origin.fetch(target);
      const actual = sha256(bytes);
      if (actual !== target.baseSha256) {
        throw new Error(`its SHA-256 is ${actual}, expected ${target.baseSha256}`);
      }
      return await describe(await keep(pathOf(origin), bytes), origin.name);
    } catch (error) {
      say(`no base from ${origin.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error(
    `Cannot get the runtime base of Deno ${denoVersion} for ${target.triple}: ` +
      "check network, proxy and pip configuration, or set DENORT_BIN to the file denort of that version",
  );
}

/** Whether a base was fetched before, from wherever. */
export async function hasBase(target: Target, cache: string): Promise<boolean> {
  return await Deno.stat(folderOf(target, cache)).then(() => true, () => false);
}

const folderOf = (target: Target, cache: string): string =>
  join(cache, `denort-${denoVersion}-${target.triple}`);

async function describe(path: string, origin: string): Promise<Base> {
  const bytes = await Deno.readFile(path);
  return { path, size: bytes.length, sha256: sha256(bytes), origin };
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Two compilations at once may both come here: each writes a file of its own, and the rename is atomic. */
async function keep(path: string, bytes: Uint8Array): Promise<string> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const partial = await Deno.makeTempFile({ dir: dirname(path) });
  try {
    await Deno.writeFile(partial, bytes, { mode: 0o755 });
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => undefined);
    throw error;
  }
  return path;
}

async function fetchOfficial(target: Target): Promise<Uint8Array> {
  const url = `https://dl.deno.land/release/v${denoVersion}/denort-${target.triple}.zip`;
  const connecting = new AbortController();
  const timer = setTimeout(() => connecting.abort(new Error("No answer in time")), connectMs);
  const response = await fetch(url, { signal: connecting.signal }).finally(() =>
    clearTimeout(timer)
  );
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url} answers ${response.status}`);
  }
  return zipMember(new Uint8Array(await response.arrayBuffer()), "denort");
}

async function fetchFromWheel(target: Target): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "data-migrate-wheel-" });
  try {
    // Platform and Python are named, so that any pip on any machine takes the same wheel.
    await pip([
      ...["download", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-deps"],
      ...["--only-binary=:all:", "--python-version", "3.12", "--platform", target.wheelPlatform],
      ...["--dest", folder, `${wheelName}==${wheelVersion}`],
    ]);
    for await (const entry of Deno.readDir(folder)) {
      const bytes = await Deno.readFile(join(folder, entry.name));
      const actual = sha256(bytes);
      if (actual !== target.wheelSha256) {
        throw new Error(`The wheel's SHA-256 is ${actual}, expected ${target.wheelSha256}`);
      }
      const member = `bids_validator_deno-${wheelVersion}.data/scripts/bids-validator-deno`;
      return baseOfCompiled(zipMember(bytes, member));
    }
    throw new Error("pip downloaded nothing");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function pip(args: readonly string[]): Promise<void> {
  let reason = "install pip (python3-pip)";
  for (const [program, ...first] of [["python3", "-m", "pip"], ["pip3"], ["pip"]] as const) {
    try {
      const command = new Deno.Command(program, { args: [...first, ...args], stdout: "null" });
      const { success, stderr } = await command.output();
      if (success) return;
      reason = new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? reason;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error(`pip cannot download it: ${reason}`);
}
