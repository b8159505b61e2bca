// Walks through the app in Firefox over WebDriver BiDi: `node walks.mjs FIREFOX EHR WALK`; exit 1 and why on a failure.
// The walks are short: what the app does is tested in Chromium; here it is shown that Firefox does it too.
import assert from "node:assert/strict";
import puppeteer from "puppeteer-core";

const CODER = "sandbox-coder";
const PATIENCE_MS = 20_000;

class Ehr {
  constructor(browser, address) {
    Object.assign(this, { browser, address, complaints: [] });
  }

  async begin(user) {
    this.page = await this.#watched(await this.browser.newPage());
    await this.page.goto(this.address);
    await this.page.select("select", user);
    await this.#follow(this.page, "form button::-p-text(Switch user)");
  }

  async openChart(patient) {
    await this.page.goto(this.address);
    await this.#follow(this.page, `a[href='/patients/${patient}']`);
  }

  // The app in the frame which the EHR gives it.
  async inFrame(patient) {
    await this.openChart(patient);
    await this.#follow(this.page, "a[href*='/app']");
    const frame = await (await this.page.waitForSelector("#app-frame")).contentFrame();
    await frame.waitForSelector("h1");
    return frame;
  }

  // The app on its own, as from the link to a new tab.
  async whole(patient) {
    await this.openChart(patient);
    const link = await this.page.waitForSelector("a[target=_blank]");
    const tab = await this.#watched(await this.browser.newPage());
    await tab.goto(await link.evaluate((each) => each.href));
    await tab.waitForSelector("tbody.charge");
    return tab;
  }

  // The worklist after signing in without a chart, at the app's own address.
  async worklist(app) {
    const page = await this.#watched(await this.browser.newPage());
    await page.goto(`${app}/sign-in?tenant=sandbox`);
    await page.select("select", CODER);
    await this.#follow(page, "button::-p-text(Allow)");
    await this.#follow(page, "a::-p-text(Worklist)");
    return page;
  }

  async bill(patient, encounter) {
    await this.page.goto(`${this.address}/patients/${patient}/encounters/${encounter}/billing?refresh=off`);
    return this.page.$$eval("#charges tbody tr th", (cells) => cells.map((cell) => cell.innerText.split(/\s/)[0]));
  }

  async #follow(page, selector) {
    const target = await page.waitForSelector(selector);
    await Promise.all([page.waitForNavigation(), target.click()]);
  }

  async #watched(page) {
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (said) => {
      if (said.type() === "error") this.complaints.push(said.text());
    });
    return page;
  }
}

const text = (place, selector) => place.$eval(selector, (element) => element.innerText);
const focused = (page) => page.evaluate(() => document.activeElement.closest("[id]")?.id ?? "");
const said = (place) => place.waitForSelector("[role=status]").then((status) => status.evaluate((each) => each.innerText));

const WALKS = {
  async launch(ehr) {
    const frame = await ehr.inFrame("chm-patient");
    assert.equal(await text(frame, "h1"), "Charge review");
    assert.equal(await text(frame, ".patient .name"), "Marta Lindqvist");
    assert.match(await text(frame, ".who"), /Cody Ledger, coder/);
    const drawn = await frame.$$eval("svg.timeline", (pictures) => Math.max(...pictures.map((each) => each.getBoundingClientRect().height)));
    assert.ok(drawn > 200, `the timeline is ${drawn} px high`);
  },

  async review(ehr) {
    const page = await ehr.whole("chm-patient");
    const charge = await page.waitForSelector("#charge-1");
    await charge.hover();
    assert.ok((await page.$$("svg.timeline .lit[data-charge=charge-1]")).length > 0, "the charge lights its minutes");
    await (await charge.waitForSelector("[data-fold=why] summary")).click();
    assert.match(await text(page, "#charge-1 .fold-body"), /Evidence/);
    const bar = await page.waitForSelector("svg.timeline a");
    const row = await bar.evaluate((link) => link.getAttribute("href"));
    await bar.evaluate((link) => link.focus()); // puppeteer itself focuses no SVG element
    await page.keyboard.press("Enter");
    await page.waitForSelector(row, { visible: true });
  },

  async accept(ehr) {
    const page = await ehr.whole("irn-patient");
    const code = await text(page, "#charge-1 th .code");
    await (await page.waitForSelector("#charge-1 [data-do=accept]")).click();
    assert.match(await said(page), /1 charge sent to the EHR/);
    assert.match(await text(page, "#charge-1 .state"), /^Sent as ChargeItem\/.* \(billable\)$/);
    assert.deepEqual(await ehr.bill("irn-patient", "irn-encounter"), [code]);
  },

  async worklist(ehr) {
    const { origin } = new URL((await ehr.whole("abx-patient")).url());
    const page = await ehr.worklist(origin);
    const press = async (words) => {
      const button = await page.waitForSelector(`li.row button::-p-text(${words})`);
      await Promise.all([page.waitForNavigation(), button.press("Enter")]);
    };
    await press("Claim");
    assert.match(await text(page, "li.row"), /Harold Whitfield.*Claimed by you/s);
    await press("Open chart");
    assert.equal(await text(page, "h1"), "Charge review");
    assert.equal(await text(page, ".patient .name"), "Harold Whitfield");
    await page.keyboard.press("n");
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.match(await said(page), /That was the last encounter/);
  },

  async keyboard(ehr) {
    const page = await ehr.whole("edh-patient");
    const codes = await page.$$eval("tbody.charge th .code", (all) => all.map((each) => each.innerText));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "accept-all", "the skip link leads to the charges");
    await page.keyboard.press("j");
    assert.equal(await focused(page), "charge-1");
    await page.keyboard.press("?");
    assert.ok(await page.$eval("#keys", (dialog) => dialog.open), "? shows the keys");
    await page.keyboard.press("Escape");
    await page.keyboard.press("a");
    await page.keyboard.press("Enter");
    assert.match(await said(page), new RegExp(`${codes.length} charges sent to the EHR`));
    assert.deepEqual((await ehr.bill("edh-patient", "edh-encounter")).sort(), codes.sort());
  },
};

const [executablePath, address, walk] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
try {
  const ehr = new Ehr(browser, address);
  await ehr.begin(CODER);
  await WALKS[walk](ehr);
  assert.deepEqual(ehr.complaints, [], "no script fails");
} catch (error) {
  console.error(error.stack);
  process.exitCode = 1;
} finally {
  await browser.close();
}
