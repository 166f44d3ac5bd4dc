// Starts every module of the desk. Each one has one job and finds its own elements.
import { startCase } from "./case.js";
import { startChoosing } from "./choosing.js";
import { startClocks } from "./clocks.js";
import { startCollisions } from "./collisions.js";
import { startComposer } from "./composer.js";
import { startCopying } from "./copying.js";
import { startDialogs } from "./dialogs.js";
import { startFiles } from "./files.js";
import { startKeys } from "./keys.js";
import { startLedger } from "./ledger.js";
import { startLive } from "./live.js";
import { startNotices } from "./notices.js";
import { startPanels } from "./panels.js";
import { startRewording } from "./rewording.js";
import { startRows } from "./rows.js";
import { startSaying } from "./saying.js";

startClocks();
startPanels();
startLedger();
startComposer();
startFiles();
startCopying();
startRows();
startCollisions();
startNotices();
startDialogs();
startChoosing();
startKeys();
startRewording();
startSaying();
startCase();
startLive();
// Menus that run over the side of a phone show where one is.
document.querySelector(":is(.settings-nav, .case-tabs) [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
document.body.dataset.ready = "yes";
