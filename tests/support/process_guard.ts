/**
 * A folder and the processes that work in it, gone together, whatever happens to the test: normally, after an
 * exception, on Ctrl-C, and when Deno itself is killed with SIGKILL. A small shell in a session of its own holds the
 * reading end of a pipe; its end-of-file, which the kernel delivers however Deno ends, is the signal to kill and
 * remove. Refuses to kill a process whose command line doesn't name the folder: process ids are reused.
 */

const guardScript = `
trap '' INT TERM HUP QUIT
while read -r _; do :; done
runs() { tr '\\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$2"; }
[ -f "$1/pids" ] && for pid in $(cat "$1/pids"); do
  while runs "$pid" "$1"; do kill -9 "$pid"; sleep 0.02; done
done
rm -rf -- "$1"
`;

// `exec` keeps the process id; a folder that is gone already means that the guard has struck.
const launchScript = `
echo $$ >>"$1/pids" || exit 1
[ -z "$2" ] || exec >>"$2" 2>&1
shift 2
exec "$@"
`;

/** A temporary folder with the processes started in it. Dispose it to end and remove all of them. */
export interface ProcessGuard extends AsyncDisposable {
  /** The folder, absolute. */
  readonly directory: string;
  /**
   * Starts a program. Its arguments have to contain the folder's path somewhere.
   * @param logFile where its output is appended, absolute; left out: it shares ours
   */
  readonly launch: (
    program: string,
    args: readonly string[],
    logFile?: string,
  ) => Deno.ChildProcess;
}

/** Makes a temporary folder under guard. @param prefix begins the folder's name */
export async function guardedDirectory(prefix: string): Promise<ProcessGuard> {
  const directory = await Deno.makeTempDir({ prefix });
  const guard = new Deno.Command("setsid", {
    args: ["sh", "-c", guardScript, "guard", directory],
    cwd: "/",
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const running = new Set<Promise<Deno.CommandStatus>>();
  let disposal: Promise<void> | undefined;

  return {
    directory,
    launch: (program, args, logFile) => {
      const output = logFile === undefined ? "inherit" : "null";
      const child = new Deno.Command("sh", {
        args: ["-c", launchScript, "launch", directory, logFile ?? "", program, ...args],
        cwd: directory,
        stdin: "null",
        stdout: output,
        stderr: output,
      }).spawn();
      const status = child.status;
      running.add(status);
      status.then(() => running.delete(status));
      return child;
    },
    [Symbol.asyncDispose]: () => {
      disposal ??= (async () => {
        await guard.stdin.close();
        await Promise.all([guard.status, ...running]);
      })();
      return disposal;
    },
  };
}
