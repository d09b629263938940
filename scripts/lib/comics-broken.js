// Archives that no reader can take, one way each.
import { zipSync } from "fflate";

const page = Buffer.from("ffd8ffd9", "hex");
const info = Buffer.from("<ComicInfo><Series>Broken</Series><Number>1</Number></ComicInfo>");

const makers = {
  empty: () => Buffer.alloc(0),
  truncated: (number) => whole(number).subarray(0, 60),
  rar: () => Buffer.concat([Buffer.from("Rar!\x1a\x07\x01\0", "latin1"), Buffer.alloc(200)]),
  pdf: () => Buffer.from("%PDF-1.4\n%%EOF\n".repeat(20)),
  noise: (number) => Buffer.from(`not an archive ${number} `.repeat(30)),
  traversal: () => Buffer.from(zipSync({ "../../etc/cron.d/x.jpg": page, "ComicInfo.xml": info })),
  encrypted: (number) => encrypted(whole(number)),
  bomb: () => Buffer.from(zipSync({ "1.jpg": page, "ComicInfo.xml": Buffer.alloc(900_000, 0x20) })),
  huge: () => Buffer.from(zipSync({ "1.jpg": page, "ComicInfo.xml": Buffer.alloc(4_000_000, 0x20) })),
  entities: () => Buffer.from(zipSync({ "1.jpg": page, "ComicInfo.xml": laughs() })),
  checksum: (number) => wrongChecksum(whole(number)),
};

export const brokenKinds = Object.keys(makers);

export function brokenArchive(kind, number) {
  return makers[kind](number);
}

function whole(number) {
  return Buffer.from(zipSync({ "1.jpg": page, "ComicInfo.xml": info, "2.jpg": Buffer.from(String(number)) }));
}

/** Sets the bit that says so in every entry of the list. */
function encrypted(zip) {
  for (let at = zip.indexOf("PK\x01\x02"); at !== -1; at = zip.indexOf("PK\x01\x02", at + 4))
    zip[at + 8] |= 1;
  return zip;
}

function wrongChecksum(zip) {
  for (let at = zip.indexOf("PK\x01\x02"); at !== -1; at = zip.indexOf("PK\x01\x02", at + 4))
    zip[at + 16] ^= 1;
  return zip;
}

function laughs() {
  const entities = ['<!ENTITY a "ha">'];
  for (let at = 1; at < 10; at++) {
    const former = String.fromCharCode(96 + at);
    entities.push(`<!ENTITY ${String.fromCharCode(97 + at)} "${`&${former};`.repeat(10)}">`);
  }
  return Buffer.from(`<!DOCTYPE x [${entities.join("")}]><ComicInfo><Series>&j;</Series></ComicInfo>`);
}
