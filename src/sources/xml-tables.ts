/**
 * Names of the tables of a Stack Exchange dump, as the element around their rows is called, and what they
 * hold.
 */
const entities: Readonly<Record<string, string>> = {
  badges: "Badge",
  comments: "Comment",
  posthistory: "PostHistory",
  postlinks: "PostLink",
  posts: "Post",
  tags: "Tag",
  users: "User",
  votes: "Vote",
};

/** The entity of the table that a text is the beginning of; null when it begins otherwise. */
export function tableEntity(text: string): string | null {
  const root = /^\ufeff?\s*(?:<\?xml[^>]*\?>\s*)?<([a-z]+)>/.exec(text)?.[1];
  return root !== undefined && Object.hasOwn(entities, root) ? entities[root]! : null;
}

/**
 * The entity of the table that a file is called after, such as `bicycles.meta-Posts.xml`; null when it is
 * not.
 */
export function tableEntityOfName(name: string): string | null {
  const table = /(?:^|[\\/._-])([a-z]+)\.xml$/i.exec(name)?.[1]?.toLowerCase();
  return table !== undefined && Object.hasOwn(entities, table) ? entities[table]! : null;
}
