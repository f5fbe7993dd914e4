{{/* Parts of a pod that servers and the migration share. Argument: the root. */}}
{{- define "holdfast.pod" -}}
automountServiceAccountToken: false
# A Service named holdfast would otherwise set HOLDFAST_PORT=tcp://…
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  # PostgreSQL does not start if its folder becomes writable for the group.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "holdfast.container" -}}
image: {{ include "holdfast.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: data, mountPath: /data }
  - { name: tmp, mountPath: /tmp }
  - { name: config, mountPath: /etc/holdfast/config, readOnly: true }
  {{- if .Values.secrets }}
  - { name: secrets, mountPath: /etc/holdfast/secrets, readOnly: true }
  {{- end }}
  {{- if .Values.caCertificates.configMap }}
  - { name: ca, mountPath: /etc/holdfast/ca, readOnly: true }
  {{- end }}
{{- end -}}

{{- define "holdfast.environment" -}}
- { name: HOLDFAST_DATA, value: /data }
- { name: HOLDFAST_CONFIG, value: /etc/holdfast/config/config.json }
{{- range $variable, $_ := .Values.secrets }}
- { name: {{ $variable }}_FILE, value: /etc/holdfast/secrets/{{ $variable }} }
{{- end }}
{{- range .Values.env }}
- { name: {{ .name }}, value: {{ .value | quote }} }
{{- end }}
{{- if .Values.caCertificates.configMap }}
- { name: NODE_EXTRA_CA_CERTS, value: /etc/holdfast/ca/{{ .Values.caCertificates.key }} }
{{- end }}
{{- end -}}

{{/* Arguments: root, configMap, and whether the data are on a claim. */}}
{{- define "holdfast.volumes" -}}
{{- if not .claim }}
- name: data
  emptyDir: { sizeLimit: {{ .root.Values.volumes.dataSizeLimit }} }
{{- end }}
- name: tmp
  emptyDir: { sizeLimit: {{ .root.Values.volumes.tmpSizeLimit }} }
- name: config
  configMap: { name: {{ .configMap }} }
{{- with .root.Values.secrets }}
- name: secrets
  projected:
    # 0440, for the group 65532.
    defaultMode: 288
    sources:
      {{- range $variable, $secret := . }}
      - secret:
          name: {{ $secret.name | quote }}
          items: [{ key: {{ $secret.key | quote }}, path: {{ $variable }} }]
      {{- end }}
{{- end }}
{{- with .root.Values.caCertificates }}
{{- if .configMap }}
- name: ca
  configMap: { name: {{ .configMap }} }
{{- end }}
{{- end }}
{{- end -}}

{{/* Pod template of a server. Arguments: root, name, roles. */}}
{{- define "holdfast.server" -}}
{{- $values := get .root.Values .name -}}
metadata:
  labels: {{- include "holdfast.selector" . | nindent 4 }}
  annotations:
    checksum/config: {{ include "holdfast.config" .root | sha256sum }}
spec:
  {{- include "holdfast.pod" .root | nindent 2 }}
  serviceAccountName: {{ .root.Release.Name | quote }}
  terminationGracePeriodSeconds: 30
  {{- if ne .name "single" }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "holdfast.selector" . | nindent 10 }}
      matchLabelKeys: [pod-template-hash]
  {{- end }}
  {{- range $field := list "nodeSelector" "tolerations" "affinity" }}
  {{- with get $values $field }}
  {{ $field }}: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  containers:
    - name: holdfast
      {{- include "holdfast.container" .root | nindent 6 }}
      env:
        {{- include "holdfast.environment" .root | nindent 8 }}
        - { name: HOLDFAST_LISTEN, value: {{ printf "%s:8420" .root.Values.listenAddress | quote }} }
        - { name: HOLDFAST_ROLES, value: {{ .roles | quote }} }
        {{- range $values.env }}
        - { name: {{ .name }}, value: {{ .value | quote }} }
        {{- end }}
      ports:
        - { name: http, containerPort: 8420 }
      resources: {{- toYaml $values.resources | nindent 8 }}
      # /healthz depends on no database and no store: while one is down, pods are not ready, but are not restarted.
      startupProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: 300
      livenessProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      # Longer than a failover of the database: requests then get Holdfast's own 503.
      readinessProbe:
        httpGet: { path: "/readyz?role={{ splitList "," .roles | first }}", port: http }
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 4
      lifecycle:
        # Proxies may send requests until they have noticed that the pod is terminating.
        preStop: { exec: { command: [sleep, "5"] } }
  volumes:
    {{- include "holdfast.volumes" (dict "root" .root "configMap" (printf "%s-config" .root.Release.Name) "claim" (eq .name "single")) | trim | nindent 4 }}
{{- end -}}
