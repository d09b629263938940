import type { Mapping, MappingEntity, MappingField } from "../mapping/index.js";

type Fields = MappingEntity["fields"];

const range = (type: "int" | "date"): MappingField => ({ type, index: "range" });
const exact = (type: "int" | "string" | "bool"): MappingField => ({ type, index: "exact" });
const link = (entity: string): MappingField => ({ type: "int", link: entity });
const words: MappingField = { type: "string", index: "text" };
const html: MappingField = { ...words, markup: "html" };

const post: Fields = {
  Id: "int",
  PostTypeId: exact("int"),
  ParentId: link("Post"),
  AcceptedAnswerId: link("Post"),
  CreationDate: range("date"),
  Score: range("int"),
  ViewCount: range("int"),
  Body: html,
  OwnerUserId: link("User"),
  OwnerDisplayName: exact("string"),
  LastEditorUserId: link("User"),
  LastEditorDisplayName: "string",
  LastEditDate: "date",
  LastActivityDate: range("date"),
  CommunityOwnedDate: "date",
  ClosedDate: range("date"),
  Title: words,
  Tags: { type: "string", link: "Tag" },
  AnswerCount: range("int"),
  CommentCount: range("int"),
  FavoriteCount: range("int"),
  ContentLicense: "string",
};

const user: Fields = {
  Id: "int",
  Reputation: range("int"),
  CreationDate: range("date"),
  DisplayName: { type: "string", index: ["exact", "range"] },
  LastAccessDate: range("date"),
  WebsiteUrl: "string",
  Location: exact("string"),
  AboutMe: html,
  Views: range("int"),
  UpVotes: range("int"),
  DownVotes: range("int"),
  ProfileImageUrl: "string",
  AccountId: exact("int"),
};

const comment: Fields = {
  Id: "int",
  PostId: link("Post"),
  Score: range("int"),
  Text: words,
  CreationDate: range("date"),
  UserDisplayName: exact("string"),
  UserId: link("User"),
  ContentLicense: "string",
};

const vote: Fields = {
  Id: "int",
  PostId: link("Post"),
  VoteTypeId: exact("int"),
  CreationDate: range("date"),
  UserId: link("User"),
  BountyAmount: range("int"),
};

const badge: Fields = {
  Id: "int",
  UserId: link("User"),
  Name: exact("string"),
  Date: range("date"),
  Class: exact("int"),
  TagBased: exact("bool"),
};

const tag: Fields = {
  Id: exact("int"),
  TagName: "string",
  Count: range("int"),
  ExcerptPostId: link("Post"),
  WikiPostId: link("Post"),
  IsModeratorOnly: "bool",
  IsRequired: "bool",
};

const postLink: Fields = {
  Id: "int",
  CreationDate: range("date"),
  PostId: link("Post"),
  RelatedPostId: link("Post"),
  LinkTypeId: exact("int"),
};

const postHistory: Fields = {
  Id: "int",
  PostHistoryTypeId: exact("int"),
  PostId: link("Post"),
  RevisionGUID: exact("string"),
  CreationDate: range("date"),
  UserId: link("User"),
  UserDisplayName: exact("string"),
  Comment: "string",
  Text: "string",
  ContentLicense: "string",
};

/**
 * The eight tables of a Stack Exchange dump. Posts name their tags, so the name is a tag's key; everything
 * else is pointed at by its number.
 */
export function stackExchangeMapping(): Mapping {
  return {
    version: 1,
    preset: "stackexchange",
    entities: {
      Post: { key: "Id", fields: post },
      User: { key: "Id", fields: user },
      Comment: { key: "Id", fields: comment },
      Vote: { key: "Id", fields: vote },
      Badge: { key: "Id", fields: badge },
      Tag: { key: "TagName", fields: tag },
      PostLink: { key: "Id", fields: postLink },
      PostHistory: { key: "Id", fields: postHistory },
    },
  };
}
