/** JSON texts that try the grammar's corners. Whether each is accepted is asked of JSON.parse. */
const numbers = `0 -0 1 -1 10 123 0.0 -0.0 0.5 1.25 1e5 1E5 1e+5 1E-5 1.5e10 0e0 0E+00 -0e-0
1e400 -1E400 1e-400 9007199254740993 123456789012345678901234567890 -9223372036854775809
0.1000000000000000055511151231257827
+1 01 -01 00 -00 1. .5 -.5 1.e5 1e 1e+ 1E- 1ee5 1.5.5 1e5.5 - -- -a +0 0x10 0b1 1_000 1,5
Infinity -Infinity NaN 1a 1.5f 2e3x -1- 1+1 0-0 ١ １ 1e٢`;

const literals = `true false null True FALSE Null nul tru fals truee falsey nulll t f n undefined
true1 truefalse nullnull {} [] "" '' trUe`;

const strings = [
  '"a"',
  String.raw`"\"\\\/\b\f\n\r\t"`,
  String.raw`"\u0041\u00e9\u20AC\uD83D\uDE00"`,
  String.raw`"\ud83d"`,
  String.raw`"\ude00"`,
  String.raw`"\ude00\ud83d"`,
  String.raw`"\ud83d\ud83d\ude00"`,
  String.raw`"\uD83Dx"`,
  String.raw`"\u0000"`,
  String.raw`"\u000g"`,
  String.raw`"\u00"`,
  String.raw`"\u"`,
  String.raw`"\u123"`,
  String.raw`"\u 041"`,
  String.raw`"\U0041"`,
  String.raw`"\x41"`,
  String.raw`"\a"`,
  String.raw`"\'"`,
  String.raw`"\0"`,
  String.raw`"\v"`,
  '"\\',
  String.raw`"\\`,
  String.raw`"\\\"`,
  String.raw`"\""`,
  '"""',
  '"a',
  'a"',
  '"',
  "'a'",
  '"\u007f"',
  '"\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}"',
  '"\u2028\u2029"',
  '"\ufeff"',
  '"\u0000"',
  '"\u0001"',
  '"\u001f"',
  '"a\nb"',
  '"a\tb"',
  '"a\rb"',
  '"abcdefghijklmno"',
  '"abcdefghijklmnop"',
  '"abcdefghijklmnopq"',
  '"abcdefghijklmno\\""',
  '"abcdefghijklmn\\u00e9"',
  '"abcdefghijklmno\u00e9"',
  '"abcdefghijklmnopqrstuvwxyzabcdef\n"',
  `"${"x".repeat(1000)}"`,
  `"${"\u00e9\u4e2d\u{1f600}".repeat(100)}"`,
  `"${"\\n".repeat(100)}"`,
];

const structures = `[1] [1,2] [1,] [,1] [,] [1,,2] [1 [ ] [1]] [[1] [1}] {1} {] [} { } {"a"} {"a":} {"a":1}
{"a":1,} {,"a":1} {"a":1,,"b":2} {"a":1"b":2} {"a",1} {"a"::1} {"a":1:2} {a:1} {'a':1} {1:1} {null:1} {"a":1}}
{{"a":1} {"a":1 {"a {"a" {"a": {"a":1, {"":1} {"":{"":{"":[]}}} {"a":1,"a":2} {"a":[{"b":[{}]}]} [[[[[]]]]]
[[],[]] [{},{}] [{}{}] [[][]] [1}2] {"a":[1,2}] {"a":{"b":1]} ["a":1] {"a"=1} [1;2] [1.] ["a",]
[true,false,null] {"a":true,"b":false,"c":null} [-] [tru] ["] ] } , : [1]x {}x {}{} []1 1[] 1,2
"a""b" "a":1 //x /**/1 1//x #1
{"a":1}/**/ [1/**/] {"__proto__":1} {"a":"b","c":["d",{"e":1.5e3}],"f":{}}`;

const spaced = [
  "",
  " ",
  "\n",
  "\r\n\t ",
  " {} ",
  "\t\r\n {\t\r\n } \t\r\n",
  ' { "a" : 1 , "b" : [ 1 , 2 , { } , [ ] ] } ',
  '{\n  "a": {\n    "b": [\n      1,\n      2\n    ]\n  }\n}\n',
  "\f{}",
  "\v{}",
  "\u00a0{}",
  "{\u00a0}",
  "\u2028{}",
  "\u3000{}",
  "\ufeff{}",
  "{}\ufeff",
  "{}\u0000",
  "\u0000{}",
  "{\u0000}",
  "{}\u0000{}",
  '{"a":1}\u0000',
  "- 1",
  "1 2",
  "1 .5",
  "1e 5",
  "tr ue",
  "[1 2]",
  '{"a" 1}',
  '{"a":1 "b":2}',
  `${" ".repeat(100)}{}${"\n".repeat(100)}`,
  `[${"1,".repeat(500)}1]`,
  `[${"1,".repeat(500)}]`,
];

const split = (text: string) => text.split(/\s+/).filter((part) => part !== "");
const bare = [...split(numbers), ...split(literals), ...strings, ...split(structures), ...spaced];

/** Every text alone, as a member's value, as an element, and as a member's value among others. */
export const jsonTexts: readonly string[] = bare.flatMap((text) => [
  text,
  `{"a":${text}}`,
  `[${text}]`,
  `{"x":[{"y":1}],"m":${text},"z":"end"}`,
]);

/** Byte sequences that are no UTF-8, and ones that nearly are not. */
export const utf8Sequences: readonly (readonly number[])[] = [
  [0x80],
  [0xbf],
  [0xc0, 0x80],
  [0xc0, 0xaf],
  [0xc1, 0xbf],
  [0xc2],
  [0xc2, 0x41],
  [0xc2, 0x80],
  [0xc2, 0xc2],
  [0xdf, 0xbf],
  [0xdf, 0xbf, 0xbf],
  [0xe0, 0x80, 0x80],
  [0xe0, 0x9f, 0xbf],
  [0xe0, 0xa0, 0x80],
  [0xe0, 0xa0],
  [0xe1, 0x80],
  [0xe2, 0x82, 0xac],
  [0xe2, 0x82, 0x22],
  [0xed, 0x9f, 0xbf],
  [0xed, 0xa0, 0x80],
  [0xed, 0xaf, 0xbf],
  [0xed, 0xb0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xee, 0x80, 0x80],
  [0xef, 0xbf, 0xbe],
  [0xef, 0xbf, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xf0, 0x90, 0x80, 0x80],
  [0xf0, 0x90, 0x80],
  [0xf0, 0x9f, 0x98, 0x80],
  [0xf0, 0x9f, 0x98, 0x41],
  [0xf4, 0x8f, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
  [0xfe],
  [0xff],
  [0xff, 0xfe],
];
