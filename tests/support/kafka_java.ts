/**
 * Starts Kafka's Java programs under guard, with few resources and a log of warnings and errors only. Refuses to wait
 * for them: who starts one knows what to wait for.
 */

import { fileURLToPath } from "node:url";
import type { ProcessGuard } from "./process_guard.ts";

/** Starts one Java program of the release; output is appended to `logFile`. */
export type Java = (
  mainClass: string,
  args: readonly string[],
  logFile: string,
) => Deno.ChildProcess;

const log4jSettings = fileURLToPath(new URL("../kafka/log4j.properties", import.meta.url));

/**
 * @param flags more of Java's own options, for every program that is started
 * @returns a starter of programs that live and die with the guard's folder
 */
export function javaIn(
  guard: ProcessGuard,
  classPath: string,
  heapMb: number,
  flags: readonly string[] = [],
): Java {
  return (mainClass, args, logFile) =>
    guard.launch(
      "java",
      [
        `-Xmx${heapMb}m`,
        // Fast starts matter more here than peak speed; perf data would litter the system's /tmp.
        ...["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"],
        `-Djava.io.tmpdir=${guard.directory}`,
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
        `-Dlog4j.configuration=file:${log4jSettings}`,
        ...flags,
        ...["-cp", classPath, mainClass, ...args],
      ],
      logFile,
    );
}

/** @returns the end of a log, for error messages */
export async function lastWords(logFile: string): Promise<string> {
  const text = await Deno.readTextFile(logFile).catch(() => "no log");
  return text.trim().split("\n").slice(-20).join("\n");
}
