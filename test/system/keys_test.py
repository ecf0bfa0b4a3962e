"""Tokens signed with key pairs, as identity providers do it, and forged ones: from public texts, and with keys they bring."""
import base64
import hashlib
import hmac
import itertools
import json
import re
import signal
import subprocess
import unittest

from processes import ITEMS, SECRET, Pando, PreparedPando, quick_folder, wait_until, write_project

CLAIMS = {'role': 'service_role', 'sub': 'me'}
SERVICE = ITEMS + '''
create function who() returns text language sql stable as $$ select current_user::text $$;
grant execute on function who to anon, service_role;
'''
COORDINATE_BYTES = {'P-256': 32, 'P-384': 48, 'P-521': 66}
MADE_FOR = {'RS256': 'RSA', 'RS384': 'RSA', 'RS512': 'RSA', 'PS256': 'RSA', 'PS384': 'RSA', 'PS512': 'RSA',
            'ES256': 'P-256', 'ES384': 'P-384', 'ES512': 'P-521', 'EdDSA': 'ED25519'}


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def openssl(*arguments):
    return subprocess.run(['openssl', *arguments], check=True, capture_output=True, timeout=60).stdout


def read_der_integers(der):
    """The two integers of an ECDSA signature in DER."""
    at, numbers = 3 if der[1] & 0x80 else 2, []
    for _ in range(2):
        size = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + size], 'big'))
        at += 2 + size
    return numbers


class KeyPair:
    """Of RSA, ED25519, or a curve by its name; `folder` holds its files."""

    def __init__(self, folder, kind, name):
        self.kind, self.private = kind, folder / f'{name}.private.pem'
        options = {'RSA': ('RSA', '-pkeyopt', 'rsa_keygen_bits:2048'), 'ED25519': ('ED25519',)}
        openssl('genpkey', '-out', self.private, '-algorithm', *options.get(kind, ('EC', '-pkeyopt', f'ec_paramgen_curve:{kind}')))
        self.pem = openssl('pkey', '-in', self.private, '-pubout').decode()
        self.der = openssl('pkey', '-in', self.private, '-pubout', '-outform', 'DER')

    def jwk(self, **members):
        if self.kind == 'RSA':
            modulus = bytes.fromhex(openssl('rsa', '-in', self.private, '-modulus', '-noout').decode().split('=')[1].strip())
            return {'kty': 'RSA', 'n': encoded(modulus), 'e': 'AQAB', **members}
        if self.kind == 'ED25519':
            return {'kty': 'OKP', 'crv': 'Ed25519', 'x': encoded(self.der[-32:]), **members}
        size = COORDINATE_BYTES[self.kind]
        return {'kty': 'EC', 'crv': self.kind, 'x': encoded(self.der[-2 * size:-size]), 'y': encoded(self.der[-size:]), **members}

    def sign(self, algorithm, header=None):
        """A token signed as `algorithm` says, whatever its header says."""
        text = f'{encoded(json.dumps(header or {"alg": algorithm}).encode())}.{encoded(json.dumps(CLAIMS).encode())}'
        message = self.private.with_suffix('.message')
        message.write_text(text)
        if algorithm == 'EdDSA':
            return f'{text}.{encoded(openssl("pkeyutl", "-sign", "-inkey", self.private, "-rawin", "-in", message))}'
        options = ('-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest') if algorithm.startswith('PS') else ()
        signature = openssl('dgst', f'-sha{algorithm[2:]}', '-sign', self.private, *options, message)
        if algorithm.startswith('ES'):
            size = COORDINATE_BYTES[self.kind]
            signature = b''.join(number.to_bytes(size, 'big') for number in read_der_integers(signature))
        return f'{text}.{encoded(signature)}'


def sign_hmac(secret, header=None):
    text = f'{encoded(json.dumps(header or {"alg": "HS256"}).encode())}.{encoded(json.dumps(CLAIMS).encode())}'
    return f'{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}'


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(quick_folder())
        cls.pairs = {kind: KeyPair(cls.folder, kind, kind) for kind in ('RSA', 'P-256', 'P-384', 'P-521', 'ED25519')}
        cls.stranger = KeyPair(cls.folder, 'RSA', 'stranger')

    def who(self, token):
        status, _, body = self.pando.request('POST', '/rest/v1/rpc/who', '{}', {
            'Content-Type': 'application/json', 'Authorization': f'Bearer {token}'})
        return json.loads(body) if status == 200 else (status, json.loads(body)['code'])


class ServedKeys(Keys):
    """A set of all kinds behind a byte order mark, some of its keys of no use."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        keys = [pair.jwk(kid=kind) for kind, pair in cls.pairs.items()]
        keys[1]['alg'], keys[2]['use'], keys[3]['key_ops'] = 'ES256', 'sig', ['verify']
        cls.sealed = KeyPair(cls.folder, 'RSA', 'sealed')
        keys += [cls.sealed.jwk(kid='sealed', use='enc'), {'kty': 'EC', 'crv': 'secp256k1', 'kid': 'coin', 'x': 'AA', 'y': 'AA'},
                 {'kty': 'oct', 'kid': 'known', 'k': encoded(cls.pairs['RSA'].pem.encode())}]
        cls.file = cls.folder / 'jwks.json'
        cls.set = json.dumps({'keys': keys})
        cls.file.write_text('\ufeff' + cls.set)
        cls.file.chmod(0o600)
        config = write_project(cls.folder, m0001_items=SERVICE)
        config.write_text(config.read_text().replace(SECRET, f'@{cls.file}'))
        cls.pando = PreparedPando(cls.folder, config)
        cls.pando.run('migrate')
        cls.pando.start()
        cls.addClassCleanup(cls.pando.stop)

    def test_each_algorithm_is_verified(self):
        for algorithm, kind in MADE_FOR.items():
            for header in ({'alg': algorithm}, {'alg': algorithm, 'kid': kind}):
                with self.subTest(header):
                    self.assertEqual(self.who(self.pairs[kind].sign(algorithm, header)), 'service_role')

    def test_what_is_signed_otherwise_than_it_says_is_refused(self):
        for algorithm, kind in MADE_FOR.items():
            for said in (*MADE_FOR, 'HS256', 'none', 'None', 'NONE', '', 'ES256K'):
                if said != algorithm:
                    with self.subTest(f'{algorithm} said to be {said}'):
                        self.assertEqual(self.who(self.pairs[kind].sign(algorithm, {'alg': said})), (401, 'PGRST301'))

    def test_who_knows_the_public_texts_cannot_sign(self):
        bare = self.set.encode()
        texts = [self.file.read_bytes(), bare, b'\xef\xbb\xbf' + bare + b'\n', f'@{self.file}'.encode(), str(self.file).encode(), b'']
        for pair in self.pairs.values():
            texts += [pair.pem.encode(), pair.pem.strip().encode(), pair.der, base64.b64encode(pair.der),
                      json.dumps(pair.jwk()).encode(), pair.jwk().get('n', pair.jwk().get('x')).encode(), pair.der[-65:], pair.der[-32:]]
        for text in texts:
            for header in ({'alg': 'HS256'}, *({'alg': 'HS256', 'kid': kid} for kid in (*self.pairs, 'known', 'sealed'))):
                with self.subTest(f'{text[:40]} {header}'):
                    self.assertEqual(self.who(sign_hmac(text, header)), (401, 'PGRST301'))

    def test_a_token_brings_no_key(self):
        stranger = self.stranger
        certificate = openssl('req', '-x509', '-key', stranger.private, '-subj', '/CN=stranger', '-outform', 'DER')
        url = 'http://127.0.0.1:9/keys.json'
        for brought in ({'jwk': stranger.jwk()}, {'jwk': stranger.jwk(kid='RSA')}, {'jku': url}, {'x5u': url},
                        {'x5c': [base64.b64encode(certificate).decode()]}, {'x5t': encoded(hashlib.sha1(certificate).digest())},
                        {'kid': '../../etc/passwd'}, {'kid': ['RSA']}, {'kid': {}}, {'crit': ['exp']}, {'crit': []}, {'b64': False, 'crit': ['b64']}):
            for header in ({'alg': 'RS256', **brought}, {'alg': 'RS256', 'kid': 'RSA', **brought}):
                with self.subTest(header):
                    self.assertEqual(self.who(stranger.sign('RS256', header)), (401, 'PGRST301'))
        secret = b'a secret that the token itself brings along'
        brought = {'alg': 'HS256', 'jwk': {'kty': 'oct', 'k': encoded(secret)}}
        self.assertEqual(self.who(sign_hmac(secret, brought)), (401, 'PGRST301'))

    def test_forged_signatures_are_refused(self):
        for algorithm, kind in MADE_FOR.items():
            text, signature = self.pairs[kind].sign(algorithm).rsplit('.', 1)
            raw = base64.urlsafe_b64decode(signature + '==')
            half = len(raw) // 2
            forged = [b'', b'\0' * len(raw), b'\xff' * len(raw), raw[:-1], raw + b'\0', b'\0' + raw, raw[half:] + raw[:half],
                      bytes([raw[0] ^ 1]) + raw[1:], raw[:half] + b'\0' * (len(raw) - half), b'\0' * half + raw[half:]]
            for one in forged:
                with self.subTest(f'{algorithm} {one[:8]}'):
                    self.assertEqual(self.who(f'{text}.{encoded(one)}'), (401, 'PGRST301'))

    def test_the_log_names_the_keys_that_are_not_used(self):
        log = self.pando.log_text()
        for kid, why in (('sealed', '"use"'), ('coin', 'P-256, P-384 or P-521'), ('known', 'PEM')):
            self.assertRegex(log, rf'auth.key_unused.*{kid}.*not used.*{re.escape(why)}'.replace('"', r'\\?"'))
        self.assertEqual(log.count('auth.key_unused'), 3)
        self.assertEqual(self.who(self.sealed.sign('RS256', {'alg': 'RS256', 'kid': 'sealed'})), (401, 'PGRST301'))


class PublicTexts(Keys):
    """None of them is a secret, wherever it stands: in the configuration, in a variable, in a file."""

    def refusal(self, text, **environment):
        pando = Pando(self.folder, environment={'PANDO_AUTH_JWT_SECRET': text, **environment})
        done = pando.run('keys', check=False)
        self.assertNotEqual(done.returncode, 0, text)
        self.assertNotIn('-----BEGIN', done.stderr)
        return done.stderr

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.texts = list(cls.make_texts())

    @classmethod
    def make_texts(cls):
        for pair in (cls.pairs['RSA'], cls.pairs['P-256'], cls.pairs['ED25519']):
            pem, jwk = pair.pem, json.dumps(pair.jwk())
            body = base64.b64encode(pair.der).decode()
            yield from (pem, f'\ufeff{pem}', f'"{pem}"', pem.replace('\n', '\\n'), body, encoded(pair.der), f'{body[:40]}\n{body[40:]}',
                        pair.der.hex(), base64.b64encode(pem.encode()).decode(), base64.b64encode(jwk.encode()).decode(),
                        f"'{jwk}'", jwk.replace('"', '\\"'), f'key={jwk}', f'key={body}')
        certificate = openssl('req', '-x509', '-key', cls.stranger.private, '-subj', '/CN=stranger')
        yield certificate.decode()
        yield base64.b64encode(openssl('req', '-x509', '-key', cls.stranger.private, '-subj', '/CN=x', '-outform', 'DER')).decode()
        blob = b''.join(len(part).to_bytes(4, 'big') + part
                        for part in (b'ssh-rsa', b'\1\0\1', b'\0' + base64.urlsafe_b64decode(cls.stranger.jwk()['n'] + '==')))
        yield from (f'ssh-rsa {base64.b64encode(blob).decode()} me@here', base64.b64encode(blob).decode())
        yield from ('https://id.example.com/.well-known/jwks.json', 'id.example.com/.well-known/jwks', '/etc/pando/jwks_of_provider',
                    './secrets/the_secret_of_production', str(cls.stranger.private), 'keys/of_the_identity_provider.json',
                    sign_hmac(b'x' * 32), '<html><body>404 Not Found: no keys here</body></html>')

    def test_each_is_refused_in_a_variable(self):
        for text in self.texts:
            with self.subTest(text):
                self.assertRegex(self.refusal(text), r'auth\.jwt_secret (is|holds|looks)')
                self.assertRegex(self.refusal(text, PANDO_AUTH_JWT_SECRET_IS_BASE64='true'), r'auth\.jwt_secret (is|holds|looks)')

    def test_each_is_refused_in_a_file(self):
        file = self.folder / 'secret'
        for text, other in zip(self.texts, itertools.cycle(('utf-8-sig', 'utf-16', 'utf-16-be', 'utf-32'))):
            for codec in ('utf-8', other):
                file.write_bytes(text.encode(codec))
                with self.subTest(f'{codec} {text}'):
                    self.assertRegex(self.refusal(f'@{file}'), r'auth\.jwt_secret (is|holds|looks)')

    def test_a_reload_keeps_the_keys_that_were_in_force(self):
        file = self.folder / 'rotating'
        file.write_text(json.dumps([self.pairs['P-256'].jwk()]))
        config = write_project(self.folder, m0001_items=SERVICE)
        config.write_text(config.read_text().replace(SECRET, f'@{file}'))
        self.pando = PreparedPando(self.folder, config)
        self.pando.run('migrate')
        with self.pando.start():
            file.write_text(self.pairs['P-256'].pem)
            self.pando.send(signal.SIGHUP)
            wait_until(lambda: 'config.reload_failed' in self.pando.log_text(), 'the new text is refused')
            self.assertEqual(self.who(self.pairs['P-256'].sign('ES256')), 'service_role')
            self.assertEqual(self.who(sign_hmac(self.pairs['P-256'].pem.encode())), (401, 'PGRST301'))
            file.write_text(json.dumps([self.pairs['ED25519'].jwk()]))
            self.pando.send(signal.SIGHUP)
            wait_until(lambda: self.who(self.pairs['ED25519'].sign('EdDSA')) == 'service_role', 'the next keys are in force')
            self.assertEqual(self.who(self.pairs['P-256'].sign('ES256')), (401, 'PGRST301'))


if __name__ == '__main__':
    unittest.main()
