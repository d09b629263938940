import { importParametersBytesMax, PlimsollError } from "../kernel/index.js";
import { sendJson } from "./answers.js";
import type { Exchange } from "./exchange.js";
import { answerImport } from "./import-answer.js";
import { importValues } from "./import-options.js";
import { uploadName } from "./upload.js";

/** `POST /api/import`: the body is imported while it arrives. */
export async function postImport(exchange: Exchange): Promise<void> {
  const { query, settings, imports, request } = exchange;
  const options = new URLSearchParams(query);
  options.delete("name");
  // Refused before anything of the body is read.
  importValues(options, settings.values, settings.storePath);
  await answerImport(exchange, ({ name, fields }) => {
    for (const [field, text] of fields) options.append(field, text);
    importValues(options, settings.values, settings.storePath);
    const said = options.toString();
    if (said.length > importParametersBytesMax) {
      const what = `its parameters take ${said.length} bytes, and may take ${importParametersBytesMax}`;
      throw new PlimsollError("REQUEST_INVALID", { what });
    }
    return imports.add({
      name: uploadName(query.get("name") ?? name),
      query: said,
      bytesExpected: lengthOf(request.headers["content-length"]),
    });
  });
}

/** `POST /api/imports/{id}/resume`: the same bytes once more; what is loaded already is passed over. */
export async function postResume(exchange: Exchange): Promise<void> {
  const { imports, path, request } = exchange;
  imports.assertResumable(path.id!);
  await answerImport(exchange, () => imports.renew(path.id!, lengthOf(request.headers["content-length"])));
}

export async function postCancel({ imports, path, response }: Exchange): Promise<void> {
  const job = imports.cancel(path.id!);
  sendJson(response, 202, { import: job.summary() });
}

export async function getImports({ imports, response }: Exchange): Promise<void> {
  sendJson(response, 200, { imports: imports.jobs.map((job) => job.summary()) });
}

export async function getImport({ imports, path, response }: Exchange): Promise<void> {
  sendJson(response, 200, { import: imports.get(path.id!).details() });
}

function lengthOf(header: string | undefined): number | null {
  const length = Number(header);
  return header !== undefined && Number.isSafeInteger(length) ? length : null;
}
