import { describe, expect, it } from "vitest";
import { formatScanFault } from "../../src/model/scan-fault.js";
import { Scanner } from "../kernels/scan-kernel.js";

describe("formatScanFault", () => {
  const scanner = new Scanner(null);
  const faultOf = (text: string | Uint8Array) => {
    const { offset, reason } = scanner.scan(text);
    return formatScanFault(typeof text === "string" ? new TextEncoder().encode(text) : text, offset, reason);
  };

  it.each([
    ['{"a":1,"member":}', "unexpected byte 0x7d at byte 16: a value was expected"],
    ['{"a":1,', "unexpected end at byte 7: a member name in double quotes was expected"],
    ['{"a";1}', "unexpected byte 0x3b at byte 4: a colon was expected"],
    ['{"a":1]', "unexpected byte 0x5d at byte 6: a comma or a closing brace was expected"],
    ['{"a":[1}', "unexpected byte 0x7d at byte 7: a comma or a closing bracket was expected"],
    ["{}x", "unexpected byte 0x78 at byte 2: nothing but white space may follow the value"],
    [
      '{"a\n',
      "unexpected byte 0x0a at byte 3: a string must not hold a control character or lack its closing quote",
    ],
    ['{"\\x', "unexpected byte 0x78 at byte 3: no such escape exists in a string"],
    ['{"\\u0', "unexpected end at byte 5: an escape needs four hexadecimal digits"],
    ['{"a":-}', "unexpected byte 0x7d at byte 6: a digit was expected"],
    ['{"a":tru}', "unexpected byte 0x7d at byte 8: true, false or null was expected"],
    [new Uint8Array([0x7b, 0x22, 0xff]), "unexpected byte 0xff at byte 2: the bytes are not valid UTF-8"],
    ["[]", "a record must be a JSON object (byte 0)"],
  ])("%j", (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });
});
