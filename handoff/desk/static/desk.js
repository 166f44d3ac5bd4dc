// Starts every module of the desk. Each one has one job and finds its own elements.
import { startClocks } from "./clocks.js";
import { startCollisions } from "./collisions.js";
import { startComposer } from "./composer.js";
import { startConditions } from "./conditions.js";
import { startCopying } from "./copying.js";
import { startFiles } from "./files.js";
import { startKeys } from "./keys.js";
import { startLedger } from "./ledger.js";
import { startLive } from "./live.js";
import { startNotices } from "./notices.js";
import { startPanels } from "./panels.js";

startClocks();
startPanels();
startLedger();
startComposer();
startFiles();
startCopying();
startConditions();
startCollisions();
startNotices();
startKeys();
startLive();
document.body.dataset.ready = "yes";
