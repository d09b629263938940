import { EventStream } from "./api/event-stream.js";
import { isUnreachable, problemOf } from "./api/failure.js";
import { currentToken } from "./api/token.js";
import type { StoreInfo } from "./api/types.js";
import { byId, replace, setText } from "./dom.js";
import { formatBytes } from "./format.js";
import { startDropZone } from "./imports/drop-zone.js";
import { ImportFeed } from "./imports/feed.js";
import { HistoryView } from "./imports/history-view.js";
import { ImportOptions } from "./imports/import-options.js";
import { JobView } from "./imports/job-view.js";
import { UploadPanel } from "./imports/upload-panel.js";
import { SearchPanel } from "./search/search-panel.js";
import { ConnectionView } from "./shell/connection.js";
import { copyLine } from "./shell/copy-line.js";
import { problemBox } from "./shell/problem-box.js";
import { startTheme } from "./shell/theme.js";
import { startTokenDialog } from "./shell/token-dialog.js";
import { SnapshotPanel } from "./snapshots/snapshot-panel.js";
import { StorePanel } from "./store/store-panel.js";

startTheme();
startTokenDialog();

const options = new ImportOptions(() => uploads.draw());
const search = new SearchPanel();
const store = new StorePanel({ onInfo: showStore, onUnreachable: () => events.breakOff() });
const snapshots = new SnapshotPanel({ onUnreachable: () => events.breakOff() });
const history = new HistoryView({
  onShow: (job) => void feed.watch(job.id).then(() => byId("imports").scrollIntoView(), showProblem),
  onResume: () => byId("file").click(),
});
const feed: ImportFeed = new ImportFeed({
  onJobs: (jobs) => {
    history.show(jobs);
    uploads.draw();
  },
  onWatched: (watched) => view.show(watched),
  onEnd: () => void store.refresh(),
});
const uploads = new UploadPanel(feed, options);
const view = new JobView(feed, (job) => uploads.isSending(job));
startDropZone({
  onFiles: (files) => void uploads.choose(files),
  isOpen: () => !byId("imports").hidden,
});

// A file on its way is lost with the page; what the server has by then can be resumed.
addEventListener("beforeunload", (event) => {
  if (uploads.isBusy) event.preventDefault();
});

const events: EventStream = new EventStream("/api/events", {
  onState: (state) => {
    connection.show(state);
    if (state.kind === "live") void refresh();
  },
  onEvent: (name, data) => {
    if (name === "store") void store.refresh();
    else if (name === "snapshots") snapshots.hear();
    else feed.hear(name, data);
  },
});
const connection = new ConnectionView(() => events.retry());
void events.run();
void refresh();

/** Everything may have changed while no events came. */
async function refresh(): Promise<void> {
  await Promise.all([store.refresh(), snapshots.refresh(), feed.refresh().catch(showProblem)]);
}

function showProblem(error: unknown): void {
  if (isUnreachable(error)) events.breakOff();
  else replace(byId("upload-problem"), problemBox(problemOf(error)));
}

function showStore(info: StoreInfo): void {
  // They would be refused.
  for (const id of ["imports", "imports-history"]) byId(id).hidden = info.isReplica || info.isStoreless;
  setText(byId("line"), `${formatBytes(info.line.bytes)} line`);
  setText(byId("line-source"), `from ${info.line.source}`);
  setText(byId("version"), `Plimsoll ${info.version}`);
  setText(byId("store-name"), info.name);
  document.title = `${info.name} · Plimsoll`;
  if (info.store !== null) options.propose(info.isNostr);
  search.showStore(info);
  const header = currentToken() === null ? "" : ' -H "Authorization: Bearer $TOKEN"';
  const address = `${location.origin}/api/import?preset=nostr`;
  replace(byId("curl"), copyLine(`curl${header} -F file=@events.jsonl.gz '${address}'`));
}
