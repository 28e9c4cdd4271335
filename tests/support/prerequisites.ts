/**
 * The programs that real brokers, the independent judge, the pages and terminals need: Java 17+ (with a compiler for a
 * broker's plug-in), Maven, Python with
 * venv, openssl, Chromium, tmux; Go, kcat and Node.js for the bench. Missing
 * ones are installed with apt-get where this process may do so (root, or sudo without a password); else the error says
 * which command to type. Refuses to ask for a password and to touch a system without apt-get.
 */

import { hasInstalled, toolsDirectory } from "./install_once.ts";
import { runCommand, tryCommand } from "./run_command.ts";
import { tellWait } from "./waiting.ts";

interface Prerequisite {
  readonly title: string;
  readonly debianPackage: string;
  readonly isPresent: () => Promise<boolean>;
}

const lowestJava = 17;

const java: Prerequisite = {
  title: `Java ${lowestJava} or newer`,
  debianPackage: "openjdk-17-jre-headless",
  isPresent: async () => {
    // `java -version` answers on stderr; "1.8.0_392" is how versions before 9 are written.
    const { stderr } = await tryCommand("java", ["-version"]);
    return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) >= lowestJava;
  },
};

const javaCompiler: Prerequisite = {
  title: "a Java compiler",
  debianPackage: "openjdk-17-jdk-headless",
  isPresent: async () => (await tryCommand("javac", ["-version"])).outcome === "succeeded",
};

const maven: Prerequisite = {
  title: "Maven",
  debianPackage: "maven",
  isPresent: async () => (await tryCommand("mvn", ["-v"])).outcome === "succeeded",
};

const pythonVenv: Prerequisite = {
  title: "Python 3 with venv",
  debianPackage: "python3-venv",
  // Debian splits ensurepip off: the module venv alone is there without the package.
  isPresent: async () =>
    (await tryCommand("python3", ["-c", "import venv, ensurepip"])).outcome === "succeeded",
};

/** Whether there is a pip that installs into environments which have none (22.3 and newer). */
export const hasPipForOthers = async (): Promise<boolean> =>
  (await tryCommand("python3", ["-m", "pip", "--python", "python3", "--version"])).outcome ===
    "succeeded";

const pythonPackages: Prerequisite = {
  ...pythonVenv,
  isPresent: async () => await pythonVenv.isPresent() || await hasPipForOthers(),
};

const openssl: Prerequisite = {
  title: "openssl",
  debianPackage: "openssl",
  isPresent: async () => (await tryCommand("openssl", ["version"])).outcome === "succeeded",
};

const chromium: Prerequisite = {
  title: "Chromium",
  debianPackage: "chromium",
  isPresent: async () => (await tryCommand("chromium", ["--version"])).outcome === "succeeded",
};

/** Makes sure that Chromium is there. @throws Error with the command to type */
export const ensureChromium = (): Promise<void> => ensure([chromium]);

const tmux: Prerequisite = {
  title: "tmux",
  debianPackage: "tmux",
  isPresent: async () => (await tryCommand("tmux", ["-V"])).outcome === "succeeded",
};

/** Makes sure that Java is there; cheap when it is. @throws Error with the command to type */
export const ensureJava = (): Promise<void> => ensure([java]);

/** Makes sure that Java and Maven are there. @throws Error with the command to type */
export const ensureJavaAndMaven = (): Promise<void> => ensure([java, maven]);

/** Makes sure that a Java compiler is there. @throws Error with the command to type */
export const ensureJavaCompiler = (): Promise<void> => ensure([java, javaCompiler]);

/** Makes sure that Python can make a venv. @throws Error with the command to type */
export const ensurePythonVenv = (): Promise<void> => ensure([pythonVenv]);

/** Makes sure that Python can make a venv with packages. @throws Error with the command to type */
export const ensurePythonPackages = (): Promise<void> => ensure([pythonPackages]);

/** Makes sure that openssl is there. @throws Error with the command to type */
export const ensureOpenssl = (): Promise<void> => ensure([openssl]);

/** Makes sure that tmux is there. @throws Error with the command to type */
export const ensureTmux = (): Promise<void> => ensure([tmux]);

const go: Prerequisite = {
  title: "Go 1.21 or newer",
  debianPackage: "golang-go",
  isPresent: async () => (await tryCommand("go", ["version"])).outcome === "succeeded",
};

/** Makes sure that Go is there. @throws Error with the command to type */
export const ensureGo = (): Promise<void> => ensure([go]);

const kcat: Prerequisite = {
  title: "kcat",
  debianPackage: "kcat",
  isPresent: async () => (await tryCommand("kcat", ["-V"])).outcome === "succeeded",
};

/** Makes sure that kcat is there. @throws Error with the command to type */
export const ensureKcat = (): Promise<void> => ensure([kcat]);

const node: Prerequisite = {
  title: "Node.js",
  debianPackage: "nodejs",
  isPresent: async () => (await tryCommand("node", ["--version"])).outcome === "succeeded",
};

const npm: Prerequisite = {
  title: "npm",
  debianPackage: "npm",
  isPresent: async () => (await tryCommand("npm", ["--version"])).outcome === "succeeded",
};

/** Makes sure that Node.js and npm are there. @throws Error with the command to type */
export const ensureNode = (): Promise<void> => ensure([node, npm]);

/**
 * Makes sure at once of all that brokers and the judge need: each look for packages takes long.
 *
 * @param installations what is to be fetched with Maven, by its name below `.tools`
 */
export async function ensureForBrokers(
  installations: readonly string[],
  others: readonly Prerequisite[] = [],
): Promise<void> {
  const fetched = await Promise.all(installations.map(hasInstalled));
  await ensure([
    java,
    ...(fetched.includes(false) ? [maven] : []),
    ...(await hasInstalled("judge") ? [] : [pythonPackages]),
    ...others,
  ]);
}

/** Makes sure at once of all that the tests need. @param installations as `ensureForBrokers` takes them */
export const ensureForTests = (installations: readonly string[]): Promise<void> =>
  ensureForBrokers(installations, [openssl, chromium, tmux]);

async function ensure(wanted: readonly Prerequisite[]): Promise<void> {
  if ((await missingOf(wanted)).length === 0) return;

  await Deno.mkdir(toolsDirectory, { recursive: true });
  using lockFile = await Deno.open(`${toolsDirectory}/apt.lock`, { create: true, write: true });
  await lockFile.lock(true);
  const missing = await missingOf(wanted);
  if (missing.length === 0) return;

  const packages = missing.map((prerequisite) => prerequisite.debianPackage);
  const titles = missing.map((prerequisite) => prerequisite.title).join(", ");
  const command = `sudo apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  const prefix = await rootPrefix();
  if (prefix === undefined) {
    throw new Error(`Missing: ${titles}. Install with: ${command}`);
  }
  const aptGet = (...args: readonly string[]): Promise<string> => {
    const [program = "apt-get", ...rest] = [
      ...prefix,
      ...["env", "DEBIAN_FRONTEND=noninteractive"],
      ...["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", ...args],
    ];
    return runCommand(program, rest);
  };
  try {
    await tellWait(`Installing ${packages.join(", ")} with apt-get`, undefined, async () => {
      // Offline, or with a mirror that is partly down, the lists at hand may still do.
      await aptGet("update").catch(() => "");
      await aptGet("install", "--no-install-recommends", ...packages);
    });
  } catch (cause) {
    throw new Error(`Cannot install ${titles} by itself. Try: ${command}`, { cause });
  }
  const stillMissing = await missingOf(wanted);
  if (stillMissing.length > 0) {
    const names = stillMissing.map((prerequisite) => prerequisite.title).join(", ");
    throw new Error(`Missing after installation: ${names}. Check PATH, then try: ${command}`);
  }
}

async function missingOf(wanted: readonly Prerequisite[]): Promise<readonly Prerequisite[]> {
  const present = await Promise.all(wanted.map((prerequisite) => prerequisite.isPresent()));
  return wanted.filter((_, index) => !present[index]);
}

/** What to put before apt-get to be root: nothing, or sudo; `undefined` when neither works. */
async function rootPrefix(): Promise<readonly string[] | undefined> {
  if ((await tryCommand("apt-get", ["--version"])).outcome !== "succeeded") return undefined;
  if (Deno.uid() === 0) return [];
  const sudo = await tryCommand("sudo", ["-n", "true"]);
  return sudo.outcome === "succeeded" ? ["sudo", "-n"] : undefined;
}
