import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { configBytesMax, PlimsollError } from "../kernel/index.js";
import { suggestionText } from "../model/index.js";
import {
  type CommandName,
  commandTable,
  configNames,
  mustBeInFile,
  type OptionRow,
  type OptionValue,
  optionTable,
  parseFileValue,
  rowKey,
} from "../settings/index.js";
import { type ConfigEntry, configFault, readConfigEntries } from "./config-syntax.js";

/** A setting of the file, with the words that say where it stands: "plimsoll.yaml: import.memory". */
export interface ConfigSetting {
  row: OptionRow;
  /** Null for a setting that all commands share. */
  section: CommandName | null;
  value: OptionValue;
  source: string;
}

/** The one that every configuration of a sync has. */
const syncConfigKey = "lmdbs";

/** The settings of one file. Those of a command's section win over the common ones. */
export class Configuration {
  readonly #settings: readonly ConfigSetting[];

  constructor(settings: readonly ConfigSetting[]) {
    this.#settings = settings;
  }

  settingOf(command: CommandName, row: OptionRow): ConfigSetting | null {
    const ofRow = this.#settings.filter((setting) => setting.row === row);
    return (
      ofRow.find((setting) => setting.section === command) ??
      ofRow.find((setting) => setting.section === null) ??
      null
    );
  }
}

/**
 * Reads the file that is named, or the one with the usual name in the folder. All of it is checked, whatever
 * the command: a mistake in it shows when it is made, not when it is used.
 */
export async function loadConfiguration(
  path: string | null,
  folder: string,
  command: CommandName | null = null,
): Promise<Configuration> {
  const file = path ?? usualFile(folder);
  if (file === null) return new Configuration([]);
  const text = readConfig(path === null ? join(folder, file) : file, file);
  const entries = await readConfigEntries(file, text, isCommand);
  const databases = entries.find((entry) => entry.path[0] === syncConfigKey);
  if (databases !== undefined) {
    if (command === "snapshot") return new Configuration([]);
    throw configFault(file, databases.line, `it configures \`plimsoll snapshot sync\`, and no other command`);
  }
  return new Configuration(
    entries.filter((entry) => !isEmptySection(entry)).map((entry) => settingOf(file, entry)),
  );
}

/** Whether a file has the settings of a sync, which are another tree than options. */
export async function isSyncConfig(path: string): Promise<boolean> {
  if (path.endsWith(".toml")) return false;
  const entries = await readConfigEntries(path, readConfig(path, path), isCommand);
  return entries.some((entry) => entry.path[0] === syncConfigKey);
}

/** A section all of whose keys are commented out. */
function isEmptySection({ path: [name = "", ...keys], value }: ConfigEntry): boolean {
  const isKey = optionTable.some((row) => rowKey(row) === name);
  return keys.length === 0 && value === null && isCommand(name) && !isKey;
}

function usualFile(folder: string): string | null {
  const [first, second] = configNames.filter((name) => existsSync(join(folder, name)));
  if (second === undefined) return first ?? null;
  throw configFault(first!, null, `${second} is here as well, and only one can hold the settings`);
}

function readConfig(path: string, file: string): string {
  try {
    const { size } = statSync(path);
    if (size > configBytesMax) throw configFault(file, null, `it has ${size} bytes, too many for settings`);
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PlimsollError("CONFIG_UNREADABLE", { file, reason }, { cause });
  }
}

function isCommand(name: string): name is CommandName {
  return commandTable.some((command) => command.name === name);
}

function settingOf(file: string, entry: ConfigEntry): ConfigSetting {
  const { path, value, line } = entry;
  const [section, key] = path.length === 2 ? [path[0] as CommandName, path[1]!] : [null, path[0]!];
  const name = path.join(".");
  const row = rowOf(section, key, (what) => configFault(file, line, `${name} ${what}`));
  const parsed = parseFileValue(row, value);
  if (parsed === null) {
    const not = value === null ? "and it has no value" : `not ${JSON.stringify(value)}`;
    throw configFault(file, line, `${name} ${mustBeInFile(row)}, ${not}`);
  }
  return { row, section, value: parsed, source: `${file}: ${name}` };
}

/** The option that a key stands for; a key that stands for none, or for several, is refused. */
function rowOf(section: CommandName | null, key: string, fault: (what: string) => PlimsollError): OptionRow {
  if (key === "config") throw fault("cannot stand in the file that it names");
  const ofKey = optionTable.filter((row) => rowKey(row) === key);
  const fitting = section === null ? ofKey : ofKey.filter((row) => row.commands.includes(section));
  const [row, other] = fitting;
  if (row !== undefined && other === undefined) return row;
  if (row !== undefined) {
    throw fault(`means different things to ${commandsOf(fitting)}: put it into the section of one of them`);
  }
  if (ofKey.length > 0) throw fault(`is misplaced: it belongs to ${commandsOf(ofKey)}`);
  if (section === null && isCommand(key)) throw fault("is a section, and needs keys with values in it");
  const known = optionTable.filter((each) => section === null || each.commands.includes(section));
  throw fault(`is no setting${suggestionText(key, new Set(known.map(rowKey)))}`);
}

function commandsOf(rows: readonly OptionRow[]): string {
  return [...new Set(rows.flatMap((row) => row.commands))].join(", ");
}
