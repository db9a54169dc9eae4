package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// authority issues the certificates of all servers and of the one user.
type authority struct {
	folder      string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	config      *tls.Config
}

func newAuthority(folder string) *authority {
	a := &authority{folder: folder}
	a.key, a.certificate = a.issue("ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	a.issue("server", &x509.Certificate{IPAddresses: loopback, DNSNames: []string{"localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	a.issue("bench", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	a.issue("admin", &x509.Certificate{Subject: pkix.Name{Organization: []string{"system:masters"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	a.config = a.client("bench")
	return a
}

func (a *authority) client(name string) *tls.Config {
	pair, err := tls.LoadX509KeyPair(a.file(name+".crt"), a.file(name+".key"))
	must(err)
	roots := x509.NewCertPool()
	roots.AddCert(a.certificate)
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}
}

func (a *authority) file(name string) string { return filepath.Join(a.folder, name) }

// issue writes NAME.crt and NAME.key; the authority signs itself first.
func (a *authority) issue(name string, template *x509.Certificate) (*ecdsa.PrivateKey, *x509.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	must(err)
	template.Subject.CommonName = name
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	a.write(name+".crt", "CERTIFICATE", der)
	a.write(name+".key", "PRIVATE KEY", secret)
	certificate, err := x509.ParseCertificate(der)
	must(err)
	return key, certificate
}

func (a *authority) write(name, kind string, der []byte) {
	must(os.WriteFile(a.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// server is a process of its own that answers at base.
type server struct {
	name    string
	base    string
	process *process
	// Where an API server keeps its objects.
	etcd string
	// Where a Go program gives profiles of itself; empty for a JVM.
	profiles string
	// Whether it answers 406 to those who want protobuf.
	jsonOnly bool
}

func (s *server) pid() int { return s.process.Process.Pid }

// stop ends it for good.
func (s *server) stop() {
	_ = s.process.Process.Kill()
	<-s.process.ended
}

type process struct {
	*exec.Cmd
	ended chan struct{}
}

var running []*process

// start runs a program whose output goes to NAME.log.
func start(folder, name, program string, arguments ...string) *process {
	log, err := os.Create(filepath.Join(folder, name+".log"))
	must(err)
	defer log.Close()
	command := exec.Command(program, arguments...)
	command.Dir, command.Stdout, command.Stderr = folder, log, log
	// However the benchmark ends, its servers end with it. Linux means the thread that started them: see main.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(command.Start())
	started := &process{command, make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(started.ended)
	}()
	running = append(running, started)
	return started
}

func stopAll() {
	for _, started := range running {
		_ = started.Process.Kill()
		<-started.ended
	}
}

func freePort() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// startCluster runs etcd and kube-apiserver; user bench may do everything there.
func startCluster(a *authority, kube, name string) *server {
	folder := a.file(name)
	must(os.MkdirAll(folder, 0o700))
	etcd, peer, port := freePort(), freePort(), freePort()
	url := func(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }
	start(folder, "etcd", kube, "etcd", "--data-dir="+filepath.Join(folder, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls="+url(etcd), "--advertise-client-urls="+url(etcd), "--listen-peer-urls="+url(peer),
		"--initial-advertise-peer-urls="+url(peer), "--initial-cluster=default="+url(peer))
	process := start(folder, "kube-apiserver", kube, "kube-apiserver", "--etcd-servers="+url(etcd),
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file="+a.file("server.crt"), "--tls-private-key-file="+a.file("server.key"),
		"--client-ca-file="+a.file("ca.crt"), "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file="+a.file("server.crt"), "--service-account-signing-key-file="+a.file("server.key"),
		"--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC",
		"--disable-admission-plugins=ServiceAccount", "--max-requests-inflight=2000")
	base := fmt.Sprintf("https://127.0.0.1:%d", port)
	s := &server{name: name, base: base, process: process, etcd: url(etcd), profiles: base}
	admin := newClient(s.base, a.client("admin"))
	defer admin.close()
	s.awaitReady(admin)
	admin.permitAll(user("bench"))
	a.writeKubeconfig(s)
	return s
}

func user(name string) object {
	return object{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}
}

// permitAll lets a subject do everything.
func (c *client) permitAll(subject object) {
	c.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", object{
		"metadata": object{"name": subject["name"]},
		"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
		"subjects": []object{subject}})
}

func (a *authority) writeKubeconfig(s *server) {
	must(os.WriteFile(a.file(s.name+".kubeconfig"), fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: %q, certificate-authority: ca.crt}}]
users: [{name: u, user: {client-certificate: admin.crt, client-key: admin.key}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
`, s.base), 0o600))
}

func (s *server) awaitReady(c *client) { s.await(c, "/readyz") }

// await returns once there is something at path.
func (s *server) await(c *client, path string) {
	deadline := time.After(3 * time.Minute)
	for !c.finds(path) {
		select {
		case <-s.process.ended:
			panic(s.name + " ended; see its log")
		case <-deadline:
			panic(s.name + " has no " + path + " after 3 minutes; see its log")
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (c *client) finds(path string) bool {
	response, err := c.http.Get(c.base + path)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == 200
}

// startGateway runs the gateway over the control plane and the members.
func startGateway(a *authority, program string, control *server, members []*server) *server {
	folder := a.file("gateway")
	must(os.RemoveAll(folder))
	must(os.MkdirAll(folder, 0o700))
	port := freePort()
	var list bytes.Buffer
	for _, member := range members {
		fmt.Fprintf(&list, "    - {name: %s, kubeconfig: ../%s.kubeconfig}\n", member.name, member.name)
	}
	configuration := filepath.Join(folder, "gateway.yaml")
	must(os.WriteFile(configuration, fmt.Appendf(nil, `apiVersion: multicluster.io/v1alpha1
kind: GatewayConfiguration
listen: {address: 127.0.0.1, port: %d}
serving: {certificateFile: ../server.crt, keyFile: ../server.key}
stateDirectory: state
authentication: {clientCAFiles: [../ca.crt]}
flowControl: {maxLongRunningPerUser: 20000}
controlPlane: {name: federation, kubeconfig: ../%s.kubeconfig}
members:
  static:
%sresources:
  cached: [pods, events]
  federated: [configmaps, namespaces]
`, port, control.name, list.String()), 0o600))
	process := start(folder, "gateway", program, "serve", "--config", configuration)
	return &server{name: "gateway", base: fmt.Sprintf("https://127.0.0.1:%d", port), process: process}
}
