// A SMART authorization server made of oidc-provider: EHR launch with context, PKCE, scopes as a user's consent.
// Environment: PORT, FHIR (the FHIR base, the only `aud`), CLIENTS (JSON, OpenID client metadata), SCOPES (one text).
import { randomUUID } from 'node:crypto';
import { Provider } from 'oidc-provider';

const port = Number(process.env.PORT);
const issuer = `http://127.0.0.1:${port}`;
const fhir = process.env.FHIR;
const scopes = process.env.SCOPES.split(' ');
const launches = new Map();
const contexts = new Map();

const provider = new Provider(issuer, {
  clients: JSON.parse(process.env.CLIENTS),
  scopes,
  claims: { openid: ['sub'], fhirUser: ['fhirUser'], profile: ['name'] },
  conformIdTokenClaims: false,
  extraParams: ['launch', 'aud'],
  pkce: { required: () => true, methods: ['S256'] },
  enabledJWA: { clientAuthSigningAlgValues: ['RS384', 'ES384'] },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
  },
  ttl: { AccessToken: 300, AuthorizationCode: 60, ClientCredentials: 300, Grant: 3600, IdToken: 300, Interaction: 300, RefreshToken: 3600, Session: 3600 },
  issueRefreshToken: async (ctx, client, code) => code.scopes.has('offline_access'),
  rotateRefreshToken: true,
  findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, fhirUser: `${fhir}/Practitioner/${id}`, name: 'Cody Ledger' }) }),
  cookies: { keys: [randomUUID()] },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
});

const discovery = {
  issuer,
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  introspection_endpoint: `${issuer}/token/introspection`,
  revocation_endpoint: `${issuer}/token/revocation`,
  code_challenge_methods_supported: ['S256'],
  grant_types_supported: ['authorization_code', 'client_credentials'],
  token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'private_key_jwt'],
  scopes_supported: scopes,
  capabilities: ['launch-ehr', 'client-public', 'client-confidential-symmetric', 'client-confidential-asymmetric', 'context-ehr-patient', 'context-ehr-encounter', 'sso-openid-connect', 'permission-offline', 'permission-patient', 'permission-user', 'permission-v2'],
};

// Where the EHR's user presses the app's button: gives `launch` for a patient, an encounter and a user.
function beginLaunch(ctx) {
  const id = randomUUID();
  launches.set(id, Object.fromEntries(new URLSearchParams(ctx.querystring)));
  ctx.body = { launch: id, iss: fhir };
}

// The user is known from the launch and consents to what is asked; a wrong aud or a spent launch ends it.
async function decide(ctx) {
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const finish = (result) => provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
  const launch = launches.get(details.params.launch);
  if (details.params.aud !== fhir) return finish({ error: 'invalid_request', error_description: 'aud is another server' });
  if (!launch) return finish({ error: 'invalid_request', error_description: 'unknown launch' });
  launches.delete(details.params.launch);
  const grant = new provider.Grant({ accountId: launch.user, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope);
  const grantId = await grant.save();
  contexts.set(grantId, launch);
  return finish({ login: { accountId: launch.user }, consent: { grantId } });
}

function addContext(ctx) {
  const { AccessToken, AuthorizationCode, RefreshToken } = ctx.oidc.entities;
  const launch = contexts.get((AccessToken ?? AuthorizationCode ?? RefreshToken)?.grantId);
  if (!launch) return;
  ctx.body.patient = launch.patient;
  if (launch.encounter) ctx.body.encounter = launch.encounter;
  ctx.body.need_patient_banner = true;
}

provider.use(async (ctx, next) => {
  // OpenID Connect drops offline_access unless prompt=consent is sent, which SMART clients don't.
  if (ctx.method === 'GET' && ctx.path === '/auth' && !/[?&]prompt=/.test(ctx.url)) ctx.url += '&prompt=consent';
  if (ctx.path === '/ehr/launch') return beginLaunch(ctx);
  if (ctx.path === '/.well-known/smart-configuration') { ctx.body = discovery; return undefined; }
  if (ctx.path.startsWith('/interaction/')) return decide(ctx);
  await next();
  if (ctx.oidc?.route === 'token' && ctx.status === 200) addContext(ctx);
  return undefined;
});
provider.on('server_error', (ctx, error) => console.error(error));
provider.listen(port, '127.0.0.1', () => console.log('ready'));
