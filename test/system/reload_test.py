"""SIGHUP: a new certificate and new options without a restart, and without hurting who is connected."""
import http.client
import signal
import ssl
import subprocess
import unittest

from processes import ITEMS, PreparedPando, quick_folder, wait_until, write_project


class Reload(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.config = write_project(self.folder, m0001_items=ITEMS)

    def make_certificate(self, name):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', f'/CN={name}',
                        '-keyout', self.folder / 'key.pem', '-out', self.folder / 'certificate.pem'],
                       check=True, capture_output=True)

    def pando(self, environment=None):
        pando = self.enterContext(PreparedPando(self.folder, self.config, environment))
        pando.run('migrate')
        return pando.start()

    def connect_tls(self, pando):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection('127.0.0.1', pando.port, timeout=60, context=context)
        connection.connect()
        self.addCleanup(connection.close)
        return connection

    def certificate_of(self, connection):
        der = connection.sock.getpeercert(binary_form=True)
        shown = subprocess.run(['openssl', 'x509', '-inform', 'der', '-noout', '-subject'], input=der, check=True,
                               capture_output=True).stdout.decode()
        return shown.split('CN')[-1].strip(' =\n')

    def count_items(self, connection):
        connection.request('GET', '/rest/v1/items?select=id&limit=3')
        answer = connection.getresponse()
        return answer.status, answer.read().count(b'"id"')

    def test_a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on(self):
        self.make_certificate('first')
        pando = self.pando({'PANDO_HTTP_TLS_CERTIFICATE': str(self.folder / 'certificate.pem'),
                            'PANDO_HTTP_TLS_KEY': str(self.folder / 'key.pem')})
        old = self.connect_tls(pando)
        self.assertEqual(self.certificate_of(old), 'first')
        self.assertEqual(self.count_items(old), (200, 3))

        self.make_certificate('second')
        pando.send(signal.SIGHUP)
        wait_until(lambda: self.certificate_of(self.connect_tls(pando)) == 'second', 'the new certificate is shown')
        self.assertEqual(self.count_items(old), (200, 3))

    def test_a_broken_certificate_is_reported_and_the_old_one_kept(self):
        self.make_certificate('first')
        pando = self.pando({'PANDO_HTTP_TLS_CERTIFICATE': str(self.folder / 'certificate.pem'),
                            'PANDO_HTTP_TLS_KEY': str(self.folder / 'key.pem')})
        (self.folder / 'certificate.pem').write_text('no certificate')
        pando.send(signal.SIGHUP)
        wait_until(lambda: 'certificate.pem' in pando.log_text(), 'the log names the file')
        self.assertEqual(self.certificate_of(self.connect_tls(pando)), 'first')

    def test_a_changed_option_takes_effect_and_one_that_cannot_is_named(self):
        pando = self.pando()
        self.assertEqual(len(pando.json('/rest/v1/items?select=id')), 100)
        text = self.config.read_text()
        self.config.write_text(text + '[rest]\nmax_rows = 7\nprefix = "/other"\n')
        pando.send(signal.SIGHUP)
        wait_until(lambda: len(pando.json('/rest/v1/items?select=id')) == 7, 'the new bound holds')
        self.assertIn('rest.prefix', pando.log_text())

        self.config.write_text(text + '[rest]\nmax_rows = "many"\n')
        pando.send(signal.SIGHUP)
        wait_until(lambda: 'many' in pando.log_text(), 'the log tells what is wrong')
        self.assertEqual(len(pando.json('/rest/v1/items?select=id')), 7)


if __name__ == '__main__':
    unittest.main()
