import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type MetadataByForm,
  type MetadataForm,
  mergeMetadata,
  metadataForms,
  readForm,
} from "../../src/sources/comics/metadata/index.js";

const read = (form: MetadataForm, text: string) => readForm(form, Buffer.from(text));

test("ComicInfo.xml", () => {
  const found = read(
    "comicinfo",
    `<?xml version="1.0" encoding="utf-8"?>
<ComicInfo xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Title>The Tide; Coming Home</Title><Series>Harbour &amp; Sons</Series><Number>012.5AU</Number><Count>24</Count>
  <Volume>2014</Volume><AlternateSeries>Old Harbour</AlternateSeries><AlternateNumber>3</AlternateNumber>
  <Summary>A ship
comes in.</Summary><Notes>Tagged with ComicTagger 1.5.5 using info from Comic Vine on 2022-01-01.  [Issue ID 4321]</Notes>
  <Year>2014</Year><Month>3</Month><Day>9</Day><Writer>Ada Berg, Ivo Lang</Writer><CoverArtist>Mei Sato</CoverArtist>
  <Publisher>North Star</Publisher><Imprint>Undertow</Imprint><Genre>Crime, Sea</Genre><Tags>ships,, ships</Tags>
  <Web>https://comicvine.gamespot.com/x/4000-4321/ https://example.com/a</Web><PageCount>24</PageCount>
  <LanguageISO>en</LanguageISO><Format>Annual</Format><BlackAndWhite>Yes</BlackAndWhite><Manga>YesAndRightToLeft</Manga>
  <Characters>Rook, Nightjar</Characters><Teams>Salvage Crew</Teams><Locations>Low City</Locations>
  <ScanInformation>Group</ScanInformation><StoryArc>Salt, Tide</StoryArc><StoryArcNumber>1,4</StoryArcNumber>
  <SeriesGroup>Sea</SeriesGroup><AgeRating>Teen</AgeRating><CommunityRating>4.25</CommunityRating>
  <MainCharacterOrTeam>Salvage Crew</MainCharacterOrTeam><Review>Good.</Review><GTIN>9781234567897</GTIN>
  <Pages><Page Image="0"/><Page Image="2" Type="FrontCover"/></Pages>
</ComicInfo>`,
  );
  expect(found).toEqual({
    title: "The Tide; Coming Home",
    stories: ["The Tide", "Coming Home"],
    series: "Harbour & Sons",
    issue: { number: 12.5, suffix: "AU" },
    issueCount: 24,
    volume: 2014,
    reprints: [{ series: "Old Harbour", volume: null, issue: "3", language: "" }],
    summary: "A ship\ncomes in.",
    notes: "Tagged with ComicTagger 1.5.5 using info from Comic Vine on 2022-01-01.  [Issue ID 4321]",
    tagger: "ComicTagger 1.5.5",
    year: 2014,
    month: 3,
    day: 9,
    credits: [
      { person: "Ada Berg", role: "Writer" },
      { person: "Ivo Lang", role: "Writer" },
      { person: "Mei Sato", role: "Cover Artist" },
    ],
    publisher: "North Star",
    imprint: "Undertow",
    genres: ["Crime", "Sea"],
    tags: ["ships"],
    identifiers: [
      {
        source: "comicvine",
        type: "issue",
        key: "4321",
        url: "https://comicvine.gamespot.com/x/4000-4321/",
      },
      { source: "example.com", type: "page", key: "https://example.com/a", url: "https://example.com/a" },
      { source: "isbn", type: "issue", key: "9781234567897", url: null },
    ],
    pageCount: 24,
    language: "en",
    originalFormat: "Annual",
    monochrome: true,
    readingDirection: "rtl",
    characters: ["Rook", "Nightjar"],
    teams: ["Salvage Crew"],
    mainTeam: "Salvage Crew",
    locations: ["Low City"],
    scanInfo: "Group",
    storyArcs: [
      { name: "Salt", number: 1 },
      { name: "Tide", number: 4 },
    ],
    seriesGroups: ["Sea"],
    ageRating: "Teen",
    communityRating: 4.3,
    review: "Good.",
    cover: 2,
  });
});

test("MetronInfo.xml", () => {
  const found = read(
    "metroninfo",
    `<MetronInfo><IDS><ID source="Metron" primary="true">77</ID><ID source="Comic Vine">88</ID></IDS>
<Publisher id="1"><Name>North Star</Name><Imprint id="2">Undertow</Imprint></Publisher>
<Series lang="fr" id="3"><Name>Harbour</Name><Volume>2</Volume><IssueCount>6</IssueCount><VolumeCount>3</VolumeCount><Format>One-Shot</Format></Series>
<CollectionTitle>All of it</CollectionTitle><Number>½</Number><Stories><Story id="4">Tide</Story></Stories>
<Summary>Ships.</Summary><CoverDate>2014-03-01</CoverDate><StoreDate>2014-01-01</StoreDate><PageCount>20</PageCount>
<Genres><Genre>Crime</Genre></Genres><Tags><Tag>sea</Tag></Tags>
<Arcs><Arc id="9"><Name>Salt</Name><Number>2</Number></Arc></Arcs>
<Characters><Character id="5">Rook</Character></Characters><Teams><Team>Crew</Team></Teams>
<Universes><Universe><Name>Prime</Name><Designation>Earth 2</Designation></Universe></Universes>
<Locations><Location>Low City</Location></Locations><Reprints><Reprint id="6">Old Harbour #3 (1988)</Reprint></Reprints>
<GTIN><ISBN>9781234567897</ISBN><UPC>76194130593600111</UPC></GTIN><AgeRating>Teen</AgeRating>
<URLs><URL primary="true">https://metron.cloud/issue/harbour-2014-1/</URL></URLs>
<Credits><Credit><Creator id="7">Ada Berg</Creator><Roles><Role id="8">Writer</Role><Role>Cover</Role></Roles></Credit></Credits>
<LastModified>2024-08-12T12:13:54.087728-04:00</LastModified></MetronInfo>`,
  );
  expect(found).toMatchObject({
    publisher: "North Star",
    imprint: "Undertow",
    series: "Harbour",
    volume: 2,
    issueCount: 6,
    volumeCount: 3,
    language: "fr",
    collectionTitle: "All of it",
    issue: { number: 0.5, suffix: "" },
    stories: ["Tide"],
    year: 2014,
    month: 3,
    day: 1,
    storyArcs: [{ name: "Salt", number: 2 }],
    universes: [{ name: "Prime", designation: "Earth 2" }],
    reprints: [{ series: "Old Harbour", volume: 1988, issue: "3", language: "" }],
    credits: [
      { person: "Ada Berg", role: "Writer" },
      { person: "Ada Berg", role: "Cover" },
    ],
    modified: "2024-08-12T16:13:54.087Z",
  });
  expect(found.identifiers!.map(({ source, type, key }) => `${source} ${type} ${key}`)).toEqual([
    "metron issue 77",
    "comicvine issue 88",
    "metron issue harbour-2014-1",
    "isbn issue 9781234567897",
    "upc issue 76194130593600111",
  ]);
});

test("CoMet.xml", () => {
  const found = read(
    "comet",
    `<comet xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://www.denvog.com/comet/">
<title>Tide</title><series>Harbour</series><issue>7</issue><volume>2</volume><publisher>North Star</publisher>
<date>1999-11</date><genre>Crime</genre><genre>Sea</genre><character>Rook</character><character>Nightjar</character>
<description>Ships.</description><isVersionOf>Old Harbour</isVersionOf><language>en</language><pages>30</pages>
<rating>Teen</rating><readingDirection>rtl</readingDirection><coverImage>cover.jpg</coverImage>
<writer>Ada Berg</writer><coverDesigner>Mei Sato</coverDesigner></comet>`,
  );
  expect(found).toMatchObject({
    title: "Tide",
    series: "Harbour",
    issue: { number: 7, suffix: "" },
    volume: 2,
    year: 1999,
    month: 11,
    genres: ["Crime", "Sea"],
    characters: ["Rook", "Nightjar"],
    readingDirection: "rtl",
    cover: "cover.jpg",
    credits: [
      { person: "Ada Berg", role: "Writer" },
      { person: "Mei Sato", role: "Cover Artist" },
    ],
  });
});

test("ComicBookInfo, in a file or a comment", () => {
  const document = JSON.stringify({
    appID: "ComicBookLover/888",
    lastModified: "2009-10-25 14:49:29 +0000",
    "ComicBookInfo/1.0": {
      series: "Harbour",
      title: "Tide",
      publisher: "North Star",
      publicationMonth: 11,
      publicationYear: 1999,
      issue: 7,
      numberOfIssues: 12,
      volume: 2,
      rating: 5,
      genre: "Crime",
      language: "English",
      country: "US",
      comments: "Ships.",
      tags: ["sea", 5, null, { name: "ghosts" }],
      credits: [{ person: "Berg, Ada", role: "Writer", primary: true }, { role: "Nobody" }, "x"],
    },
  });
  const expected = {
    series: "Harbour",
    issue: { number: 7, suffix: "" },
    issueCount: 12,
    communityRating: 5,
    country: "US",
    tags: ["sea", "5", "ghosts"],
    credits: [{ person: "Berg, Ada", role: "Writer" }],
    tagger: "ComicBookLover/888",
    modified: "2009-10-25T14:49:29.000Z",
  };
  expect(read("comicbookinfo", document)).toMatchObject(expected);
  expect(read("comment", document)).toMatchObject(expected);
});

test("comicbox.yaml and comicbox.json", () => {
  const yaml = `
comicbox:
  publisher: {name: North Star}
  imprint: Undertow
  series: {name: Harbour, volume_count: 3}
  volume: {number: 2014, issue_count: 6}
  issue: {name: 12.5AU, number: 12.5, suffix: AU}
  date: {cover_date: 2014-03-09}
  stories: {Tide: {}, Home: {}}
  age_rating: Teen
  characters: {Rook: {}, Nightjar: {identifiers: {comicvine: {key: 5}}}}
  genres: [Crime, Sea]
  arcs: {Salt: {number: 2}}
  credits: {Ada Berg: {roles: {Writer: {}, Cover: {}}}}
  identifiers: {comicvine: {key: 4321, url: "https://comicvine.gamespot.com/x/4000-4321/"}}
  universes: {Prime: {designation: Earth 2}}
  reprints: [{series: {name: Old}, issue: "3", language: de}]
  reading_direction: RTL
  updated_at: 2024-08-12T12:00:00Z
`;
  const expected = {
    publisher: "North Star",
    imprint: "Undertow",
    series: "Harbour",
    volumeCount: 3,
    volume: 2014,
    issueCount: 6,
    issue: { number: 12.5, suffix: "AU" },
    year: 2014,
    month: 3,
    day: 9,
    stories: ["Tide", "Home"],
    ageRating: "Teen",
    characters: ["Rook", "Nightjar"],
    genres: ["Crime", "Sea"],
    storyArcs: [{ name: "Salt", number: 2 }],
    credits: [
      { person: "Ada Berg", role: "Writer" },
      { person: "Ada Berg", role: "Cover" },
    ],
    universes: [{ name: "Prime", designation: "Earth 2" }],
    reprints: [{ series: "Old", volume: null, issue: "3", language: "de" }],
    readingDirection: "rtl",
    modified: "2024-08-12T12:00:00.000Z",
  };
  expect(read("comicbox-yaml", yaml)).toMatchObject(expected);
  const json = { comicbox: { series: "Harbour", issue: "7", genres: "Crime, Sea", date: "1999-11" } };
  expect(read("comicbox-json", JSON.stringify(json))).toEqual({
    series: "Harbour",
    issue: { number: 7, suffix: "" },
    genres: ["Crime", "Sea"],
    year: 1999,
    month: 11,
  });
});

test("ratings are out of five, wherever a form has them", () => {
  const metron =
    "<MetronInfo><CommunityRating><AverageRating>4.52</AverageRating><RatingCount>25</RatingCount></CommunityRating></MetronInfo>";
  expect(read("metroninfo", metron).communityRating).toBe(4.5);
  const box = JSON.stringify({ comicbox: { community_rating: { average_rating: "4.5", rating_count: 9 } } });
  expect(read("comicbox-json", box).communityRating).toBe(4.5);
  const info = (rating: unknown) =>
    read("comicbookinfo", JSON.stringify({ "ComicBookInfo/1.0": { rating } })).communityRating;
  expect([4, 9, 90, 101, -1, "x"].map(info)).toEqual([4, 4.5, 4.5, undefined, undefined, undefined]);
});

test("identifiers are found in what programs write into texts", () => {
  const found = (tag: string, written: string) =>
    read("comicinfo", `<ComicInfo><${tag}>${written}</${tag}></ComicInfo>`).identifiers?.map(
      ({ source, type, key }) => `${source} ${type} ${key}`,
    );
  expect(found("Notes", "Tagged with box on 1970-01-01 [Issue ID 14] [CVDB14] urn:metron:issue:99")).toEqual([
    "comicvine issue 14",
    "metron issue 99",
  ]);
  expect(found("Notes", "using info from Metron [Issue ID 14]")).toEqual(["metron issue 14"]);
  expect(found("GTIN", "urn:comicvine:4000-14, urn:isbn:978-1-234567-89-7")).toEqual([
    "comicvine issue 14",
    "isbn issue 9781234567897",
  ]);
  expect(found("Tags", "sea,CVDB1234")).toEqual(["comicvine issue 1234"]);
  expect(found("Notes", "an urn: of ashes")).toBeUndefined();
  const comet = read("comet", "<comet><identifier>CVDB145</identifier></comet>");
  expect(comet.identifiers).toMatchObject([{ source: "comicvine", key: "145" }]);
});

test("lists in one text have commas or semicolons", () => {
  const info = "<ComicInfo><Genre>Crime; Sea,Ships</Genre><Writer>Ada Berg;Ivo Lang</Writer></ComicInfo>";
  expect(read("comicinfo", info)).toEqual({
    genres: ["Crime", "Sea", "Ships"],
    credits: [
      { person: "Ada Berg", role: "Writer" },
      { person: "Ivo Lang", role: "Writer" },
    ],
  });
});

test("a page that is the front cover, and a manga's direction, in comicbox's words", () => {
  const pages = { 0: {}, 2: { page_type: "FrontCover" } };
  const box = {
    comicbox: { pages, manga: "YesAndRightToLeft", reprints: [{ series: { sort_name: "Old" } }] },
  };
  expect(read("comicbox-json", JSON.stringify(box))).toEqual({
    cover: 2,
    readingDirection: "rtl",
    reprints: [{ series: "Old", volume: null, issue: "", language: "" }],
  });
});

test("text is read in the encoding that it says", () => {
  const document = '<?xml version="1.0" encoding="UTF-16"?><ComicInfo><Series>Été</Series></ComicInfo>';
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(document, "utf16le")]);
  expect(readForm("comicinfo", utf16).series).toBe("Été");
  const latin = '<?xml version="1.0" encoding="ISO-8859-1"?><ComicInfo><Series>Été</Series></ComicInfo>';
  expect(readForm("comicinfo", Buffer.from(latin, "latin1")).series).toBe("Été");
  expect(read("comicinfo", "\ufeff<ComicInfo><Series>A</Series></ComicInfo>").series).toBe("A");
});

test("each field comes from the highest form that has it", () => {
  const forms = fc.record(
    Object.fromEntries(
      metadataForms.map((form) => [
        form,
        fc.record(
          {
            series: fc.constant(`${form} series`),
            issue: fc.constant({ number: metadataForms.indexOf(form), suffix: "" }),
            genres: fc.constant([form]),
            year: fc.constant(2000 + metadataForms.indexOf(form)),
            month: fc.constant(1 + metadataForms.indexOf(form)),
          },
          { requiredKeys: [] },
        ),
      ]),
    ),
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(forms, (found: MetadataByForm) => {
      const merged = mergeMetadata(found);
      const ranked = [...metadataForms].reverse();
      for (const field of ["series", "issue", "genres", "year"] as const) {
        const first = ranked.find((form) => found[form]?.[field] !== undefined);
        expect(merged[field]).toEqual(first && found[first]![field]);
      }
      // A month is of the year it was written with.
      const ofYear = ranked.find((form) => found[form]?.year !== undefined);
      if (merged.month !== undefined && ofYear !== undefined) {
        expect(merged.month - 1).toBeGreaterThanOrEqual(metadataForms.indexOf(ofYear));
      }
    }),
  );
});

/** Values that no program should write, and some do. */
const wild = fc.anything({ withNullPrototype: true, maxDepth: 3, withDate: false, withBigInt: false });

test("wrong types cost their field, whatever they are", () => {
  const members = ["series", "issue", "volume", "date", "credits", "tags", "identifiers", "reprints", "arcs"];
  fc.assert(
    fc.property(fc.record(Object.fromEntries(members.map((member) => [member, wild]))), (box) => {
      const text = JSON.stringify({ comicbox: { ...box, publisher: "North Star" } });
      expect(read("comicbox-json", text).publisher).toBe("North Star");
      const info = JSON.stringify({ "ComicBookInfo/1.0": { ...box, publisher: "North Star" } });
      expect(read("comicbookinfo", info).publisher).toBe("North Star");
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom("Number", "Year", "Month", "Pages", "Genre"), fc.string()),
      (tags) => {
        const inner = Object.entries(tags).map(
          ([tag, value]) => `<${tag}>${value.replace(/[<&\]]/g, "")}</${tag}>`,
        );
        const text = `<ComicInfo>${inner.join("").replace(/[^ -~]/g, "")}<Series>Kept</Series></ComicInfo>`;
        expect(read("comicinfo", text).series).toBe("Kept");
      },
    ),
  );
});

test("texts of YAML with lines of dashes and brackets are no deep ones", () => {
  const summary = `|\n    ${"-".repeat(200)}\n    - a list [of] things {or} so\n    [[x]]\n`;
  const found = read(
    "comicbox-yaml",
    `comicbox:\n  publisher: A\n  summary: ${summary}  tags: [a, [b], {name: c}]\n`,
  );
  expect(found.summary).toContain("----");
  expect(found.tags).toEqual(["a", "c"]);
});
