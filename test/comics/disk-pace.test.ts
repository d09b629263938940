import { expect, test } from "vitest";
import { comicsPatience, slowReadMs } from "../../src/kernel/index.js";
import { ArchiveFile, ReadingRoom } from "../../src/sources/comics/archives/index.js";
import { makeFolder } from "../support/cli.js";

test("a disk that let one archive wait is asked by threads for a while, and reads the same", async () => {
  const folder = makeFolder();
  const path = folder.write("a.cbz", "0123456789");
  const { pace } = new ReadingRoom();
  const read = async () => {
    using file = await ArchiveFile.open(path, 10, pace);
    return [(await file.read(2, 3)).toString(), await file.read(8, 3).catch(({ code }) => code)];
  };
  const isFast = [];
  pace.note(slowReadMs);
  for (let at = 0; at < comicsPatience; at++) {
    isFast.push(pace.isFast);
    expect(await read()).toEqual(["234", "COMIC_TRUNCATED"]);
  }
  expect(isFast.some(Boolean)).toBe(false);
  expect(pace.isFast).toBe(true);
  expect(await read()).toEqual(["234", "COMIC_TRUNCATED"]);
  folder.remove();
});
